"""The support desk's page: one ticket as a conversation, answered, noted, sorted and closed on the spot."""

from datetime import timedelta

from django import forms
from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import FileResponse, Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from config import desk
from config.errors import Missing
from tickets import services
from tickets.models import Answer, Awaiting, Priority, Status, Ticket
from tickets.models.tickets import MESSAGE_LENGTH

_MOST_WORDS = 200  # the newest answers of a conversation that are shown
_MOST_TICKETS = 50


class ReplyForm(forms.Form):
    """What support says; `internal` keeps it from the customer."""

    message = forms.CharField(max_length=MESSAGE_LENGTH, widget=forms.Textarea(attrs={"rows": 5}), label=gettext_lazy("Reply"))
    internal = forms.BooleanField(required=False, label=gettext_lazy("Internal note"))


class SortForm(forms.Form):
    """Where the ticket stands, how much it matters and who takes care of it.

    The form carries what it showed: only what this person changed is written, not what a colleague changed meanwhile.
    """

    status = forms.ChoiceField(choices=Status.choices, label=gettext_lazy("Status"), show_hidden_initial=True)
    priority = forms.ChoiceField(choices=Priority.choices, label=gettext_lazy("Priority"), show_hidden_initial=True)
    assignee = forms.ModelChoiceField(
        User.objects.filter(is_staff=True, is_active=True).order_by("username"),
        required=False,
        label=gettext_lazy("Assignee"),
        show_hidden_initial=True,
    )


def _link(ticket_id):
    return reverse("desk:ticket", args=[ticket_id])


def _awaiting():
    """Those that wait for support, oldest first."""
    return Ticket.objects.filter(awaiting=Awaiting.SUPPORT).order_by("id")


@desk.page("tickets/", "tickets")
def tickets(request):
    """The queue: all that await support, or those of them that are mine or nobody's. Oldest first."""
    show = request.GET.get("show", "")
    queue = _awaiting().select_related("user", "assignee")
    if show == "mine":
        queue = queue.filter(assignee=request.user)
    elif show == "unassigned":
        queue = queue.filter(assignee=None)
    queue = list(queue[:_MOST_TICKETS])
    return desk.render(request, "desk/tickets.html", _("Tickets awaiting support"), queue=queue, show=show)


@desk.page("tickets/<int:ticket_id>/", "ticket")
def ticket(request, ticket_id):
    """One ticket. POST with `message` answers it, any other sorts it; both by the services of the API."""
    found = Ticket.objects.visible_to(request.user).select_related("user", "assignee", "order", "meeting")
    shown = found.filter(pk=ticket_id).first()
    if shown is None:
        raise Http404
    initial = {"status": shown.status, "priority": shown.priority, "assignee": shown.assignee_id}
    replies = request.method == "POST" and "message" in request.POST
    reply = ReplyForm(request.POST if replies else None)
    sort = SortForm(request.POST if request.method == "POST" and not replies else None, initial=initial)
    if reply.is_bound and reply.is_valid():
        with desk.telling(request, _("Noted.") if reply.cleaned_data["internal"] else _("The answer is on its way.")):
            services.answer_ticket(by=request.user, ticket_id=ticket_id, **reply.cleaned_data)
        return HttpResponseRedirect(_link(ticket_id))
    if sort.is_bound and sort.is_valid():
        with desk.telling(request, _("Saved.")):
            _sort(request.user, ticket_id, {name: sort.cleaned_data[name] for name in sort.changed_data})
        return HttpResponseRedirect(_link(ticket_id))
    answers = Answer.objects.filter(ticket_id=ticket_id).select_related("user").prefetch_related("attachments")
    return desk.render(
        request,
        "desk/ticket.html",
        str(shown),
        ticket=shown,
        files=shown.attachments.filter(answer=None),
        answers=answers.order_by("-id")[:_MOST_WORDS][::-1],
        changes=shown.status_changes.select_related("user").order_by("-id")[:20],
        reply=reply,
        sort=sort,
    )


def _sort(by, ticket_id, changes):
    with transaction.atomic():
        status = changes.pop("status", None)
        if status:
            services.set_status(by=by, ticket_id=ticket_id, status=status)
        if "assignee" in changes:
            assignee = changes.pop("assignee")
            changes["assignee_id"] = assignee and assignee.pk
        services.change_ticket(by=by, ticket_id=ticket_id, **changes)


@desk.page("tickets/<int:ticket_id>/next/", "next_ticket")
def next_ticket(request, ticket_id):
    """On to the next one that awaits support; after the newest, to the oldest."""
    keys = _awaiting().exclude(pk=ticket_id).values_list("pk", flat=True)
    found = keys.filter(pk__gt=ticket_id).first() or keys.first()
    return HttpResponseRedirect(_link(found) if found else reverse("desk:tickets"))


@desk.page("tickets/files/<int:attachment_id>/", "ticket_file")
def ticket_file(request, attachment_id):
    """A file of a ticket, to be stored: browsers never show what customers sent."""
    try:
        attachment = services.open_attachment(by=request.user, attachment_id=attachment_id)
    except Missing:
        raise Http404 from None
    return FileResponse(attachment.file, as_attachment=True, filename=attachment.name, content_type="application/octet-stream")


@desk.box(10, gettext_lazy("Tickets awaiting support"), "desk:tickets")
def awaiting_support():
    found = _awaiting().select_related("user")[: desk.MOST]
    return [desk.Row(str(one), _link(one.pk), f"{one.user} · {one.created_at:%Y-%m-%d %H:%M} UTC") for one in found]


@desk.chart(10, gettext_lazy("Tickets"))
def tickets_by_day():
    since = timezone.now() - timedelta(days=desk.DAYS)
    by_day = Ticket.objects.filter(created_at__gte=since).order_by().annotate(day=TruncDate("created_at"))
    return by_day.values("day").annotate(number=Count("pk")).values_list("day", "number")
