"""The shop's pages at the desk: new orders to complete or cancel, the packing list, and a sheet for the accountant."""

import csv

from django.conf import settings
from django.db.models import Q, Sum
from django.db.models.functions import TruncDate
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import shop.stockroom  # noqa: F401 (registers its pages)
from config import desk
from shop import services
from shop.models import CreditEntry, CreditLot, Order, Payment

_MOST_ORDERS = 100
_MOST_ROWS = 5_000
_SETTLE = {"complete": services.complete_order, "cancel": services.cancel_order}


def _new_orders():
    """New ones, oldest first. The index on uncompleted orders finds them."""
    return Order.objects.filter(~Q(status="completed"), status="new").select_related("user").order_by("id")


@desk.page("orders/", "orders", needs="shop.view_order")
def orders(request):
    """New orders, oldest first, each with the doors to complete or cancel it."""
    found = list(_new_orders()[:_MOST_ORDERS])
    return desk.render(request, "desk/orders.html", _("New orders"), orders=found)


@desk.page("orders/<int:order_id>/<str:deed>/", "settle_order", needs="shop.change_order")
def settle_order(request, order_id, deed):
    """Asks before an order is completed or canceled (GET), and does it (POST)."""
    order = Order.objects.select_related("user").prefetch_related("items").filter(pk=order_id).first()
    if order is None or deed not in _SETTLE:
        raise Http404
    if request.method == "POST":
        with desk.telling(request, _("Order %d changed.") % order_id):
            _SETTLE[deed](by=request.user, order_id=order_id)
        return HttpResponseRedirect(reverse("desk:orders"))
    title = _("Complete order %d?") if deed == "complete" else _("Cancel order %d?")
    return desk.render(request, "desk/settle.html", title % order_id, order=order)


@desk.page("orders/packing/", "packing", needs="shop.view_order")
def packing(request):
    """What to pack, for the printer: the new orders with addresses and lines."""
    found = list(_new_orders().prefetch_related("items")[:_MOST_ORDERS])
    return desk.render(request, "desk/packing.html", _("Packing list"), orders=found)


@desk.page("orders/export.csv", "orders_csv", needs="shop.view_order")
def orders_csv(request):
    """The newest orders as a sheet, at most 5,000."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="orders.csv"'
    response.write("\ufeff")  # spreadsheets take the file for UTF-8 by it
    sheet = csv.writer(response)
    columns = ("id", "created_at", "user__username", "status", "total", "currency", "address", "phone")
    sheet.writerow(columns)
    for row in Order.objects.order_by("-id").values_list(*columns)[:_MOST_ROWS]:
        sheet.writerow([harmless(cell) for cell in row])
    return response


def harmless(cell):
    """A cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@desk.box(30, gettext_lazy("New orders"), "desk:orders", needs="shop.view_order")
def new_orders():
    return [
        desk.Row(str(order), reverse("admin:shop_order_change", args=[order.pk]), order.user)
        for order in _new_orders()[: desk.MOST]
    ]


@desk.box(
    35,
    gettext_lazy("Money to give back"),
    "admin:shop_payment_changelist",
    needs="shop.view_payment",
    filters="?order__status__exact=canceled&status__exact=paid",
)
def paid_of_canceled_orders():
    """The longest paid first. Nobody else tells of it: buyers cancel, and where an account is closed a job does."""
    canceled = ~Q(order__status="completed") & Q(order__status="canceled")  # as the index on uncompleted orders has it
    payments = Payment.objects.filter(canceled, status="paid").select_related("order").order_by("paid_at")
    return [
        desk.Row(
            str(one.order),
            f"{reverse('admin:shop_payment_changelist')}?id__exact={one.pk}",
            str(timezone.localdate(one.paid_at)),
        )
        for one in payments[: desk.MOST]
    ]


@desk.chart(30, gettext_lazy("Revenue of completed orders"), needs="shop.view_order")
def revenue_by_day(start, end):
    """In the shop's own currency: sums of several would mean nothing."""
    completed = Order.objects.filter(status="completed", currency=settings.SHOP_CURRENCY)
    made = completed.filter(created_at__gte=start, created_at__lt=end).order_by()
    by_day = made.annotate(day=TruncDate("created_at")).values("day")
    return by_day.annotate(number=Sum("total")).values_list("day", "number")


@desk.panel(30, gettext_lazy("Orders"), "admin:shop_order_changelist", needs="shop.view_order")
def orders_of(person):
    newest = Order.objects.filter(user=person).order_by("-id")[: desk.MOST]
    return [
        desk.Row(
            str(one),
            reverse("admin:shop_order_change", args=[one.pk]),
            f"{one.get_status_display()} · {timezone.localdate(one.created_at)}",
        )
        for one in newest
    ]


@desk.panel(40, gettext_lazy("Credits"), "admin:shop_creditentry_changelist", needs="shop.view_creditentry")
def credits_of(person):
    """What is left first, then the newest changes."""
    left = CreditLot.objects.spendable().filter(user=person).aggregate(left=Sum("remaining"))["left"] or 0
    newest = CreditEntry.objects.filter(user=person).order_by("-id")[: desk.MOST - 1]
    changes = [
        desk.Row(f"{one.change:+d} {one.get_kind_display()}", "", str(timezone.localdate(one.created_at))) for one in newest
    ]
    return [desk.Row(_("%d left") % left, ""), *changes]
