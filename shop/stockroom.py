"""The stock at the desk: what runs low, and each product's ledger with a form for deliveries and corrections."""

from django import forms
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config import desk
from shop import services
from shop.models import Product, StockEntry
from shop.services.stock import BY_HAND

LOW_STOCK = 5  # pieces; below, a product on sale wants attention
_MOST = 50  # products or entries that are shown


class FindForm(forms.Form):
    """A product by its name."""

    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("Name of a product"))


class EntryForm(desk.OnceForm):
    """An entry in the ledger. A delivery explains itself; a correction says why."""

    reason = forms.ChoiceField(choices=[(one.value, one.label) for one in BY_HAND], label=gettext_lazy("Reason"))
    change = forms.IntegerField(
        label=gettext_lazy("Change"), min_value=-(10**6), max_value=10**6, help_text=gettext_lazy("Such as 20 or -1.")
    )
    note = forms.CharField(required=False, max_length=200, label=gettext_lazy("Note"))

    def clean(self):
        values = super().clean()
        if values.get("reason") == StockEntry.Reason.CORRECTION and not values.get("note"):
            self.add_error("note", _("Say why the stock is corrected."))
        return values


def _link(product_id):
    return reverse("desk:stock_of", args=[product_id])


def _scarce():
    return Product.objects.filter(is_active=True, amount__lt=LOW_STOCK).order_by("amount", "id")


@desk.page("stock/", "stock", needs="shop.view_product")
def stock(request):
    """Products of which little is left, or those whose name holds some words."""
    asked = FindForm(request.GET)
    words = asked.cleaned_data["q"] if asked.is_valid() else ""
    found = Product.objects.filter(name__icontains=words).order_by("name", "id") if words else _scarce()
    return desk.render(request, "desk/stock.html", _("Stock"), asked=asked, words=words, products=found[:_MOST])


@desk.page("stock/<int:product_id>/", "stock_of", needs="shop.view_product", changes="shop.change_product")
def stock_of(request, product_id):
    """One product's ledger, newest first. POST makes an entry."""
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise Http404
    entry = EntryForm(request.POST if request.method == "POST" else None)
    if entry.is_bound and entry.is_valid():
        values = {name: entry.cleaned_data[name] for name in ("reason", "change", "note")}
        with desk.telling(request, _("Entered.")), desk.once(by=request.user, route=f"stock.{product_id}", form=entry):
            services.change_stock(by=request.user, product_id=product_id, **values)
        return HttpResponseRedirect(_link(product_id))
    entries = StockEntry.objects.filter(product=product).select_related("by", "order").order_by("-id")[:_MOST]
    return desk.render(request, "desk/stock_of.html", product.name, product=product, entry=entry, entries=entries)


@desk.box(40, gettext_lazy("Low stock"), "desk:stock", needs="shop.view_product")
def low_stock():
    return [desk.Row(one.name, _link(one.pk), one.amount) for one in _scarce()[: desk.MOST]]
