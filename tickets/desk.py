"""The support desk's page: one ticket as a conversation, answered, noted, sorted and closed on the spot."""

from django import forms
from django.db.models import Count, F
from django.db.models.functions import TruncDate
from django.http import FileResponse, Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from config import desk
from config.desk.fields import PersonField
from config.errors import Missing
from tickets import services
from tickets.models import Answer, Awaiting, CannedReply, Priority, Status, Ticket
from tickets.models.search import MOST_FOUND, Found
from tickets.models.tickets import MESSAGE_LENGTH

_MOST_WORDS = 200  # the newest answers of a conversation that are shown
_MOST_TICKETS = 50
_MOST_CANNED = 50
_SHOWN = {
    "awaiting": gettext_lazy("Awaiting support"),
    "mine": gettext_lazy("Mine"),
    "unassigned": gettext_lazy("Unassigned"),
    "all": gettext_lazy("All tickets"),
}


class QueueForm(forms.Form):
    """Which tickets. Words are looked for in all of them, unless a filter is chosen."""

    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("Words of the ticket or its answers"))
    show = forms.ChoiceField(required=False, choices=list(_SHOWN.items()))
    after = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)

    def clean(self):
        values = super().clean()
        values["show"] = values.get("show") or ("all" if values.get("q") else "awaiting")
        return values


class ConversationForm(forms.Form):
    """Which answers: the newest, or those `before` one."""

    before = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)


class ReplyForm(desk.OnceForm):
    """What support says; `internal` keeps it from the customer."""

    message = forms.CharField(max_length=MESSAGE_LENGTH, widget=forms.Textarea(attrs={"rows": 5}), label=gettext_lazy("Reply"))
    internal = forms.BooleanField(required=False, label=gettext_lazy("Internal note"))


class SortForm(forms.Form):
    """Where the ticket stands, how much it matters and who takes care of it.

    The form carries what it showed: only what this person changed is written, not what a colleague changed meanwhile.
    """

    status = forms.ChoiceField(choices=Status.choices, label=gettext_lazy("Status"), show_hidden_initial=True)
    priority = forms.ChoiceField(choices=Priority.choices, label=gettext_lazy("Priority"), show_hidden_initial=True)
    assignee = PersonField(
        User.objects.filter(is_staff=True, is_active=True),
        required=False,
        label=gettext_lazy("Assignee"),
        show_hidden_initial=True,
    )

    def __init__(self, *args, assignee, **kwargs):
        super().__init__(*args, **kwargs)
        # Who saw to a closed ticket and has left support since is still named.
        if assignee and not (assignee.is_staff and assignee.is_active):
            self.fields["assignee"].queryset |= User.objects.filter(pk=assignee.pk)


def _link(ticket_id):
    return reverse("desk:ticket", args=[ticket_id])


def _awaiting():
    """Those that wait for support, oldest first."""
    return Ticket.objects.filter(awaiting=Awaiting.SUPPORT).order_by("id")


@desk.page("tickets/", "tickets", needs="tickets.view_ticket")
def tickets(request):
    """A page of the queue: those that await support, oldest first, or of them mine or nobody's; or all, newest first."""
    asked = QueueForm(request.GET)
    chosen = asked.cleaned_data if asked.is_valid() else {"show": "awaiting"}
    found = list(_chosen(request.user, **chosen)[: _MOST_TICKETS + 1])
    queue = found[:_MOST_TICKETS]
    more = queue[-1].pk if len(found) > _MOST_TICKETS else None
    shown, words = chosen["show"], chosen.get("q", "")
    return desk.render(
        request, "desk/tickets.html", _("Tickets"), queue=queue, show=shown, shows=_SHOWN, words=words, more=more, asked=asked
    )


def _chosen(user, *, show, q="", after=None):
    filters = {"awaiting": Awaiting.SUPPORT} if show != "all" else {}
    if show == "mine":
        filters["assignee_id"] = user.pk
    found = Ticket.objects.visible_to(user).select_related("user", "assignee").filter(**filters)
    if show == "unassigned":
        found = found.filter(assignee=None)
    if q:
        # The API's own search, newest first. It picks by column itself, but for the absence of an assignee.
        narrow = {"awaiting": filters.get("awaiting"), "assignee": filters.get("assignee_id"), "before": after}
        return found.filter(Found(F("pk"), q, reader=None, wanted=MOST_FOUND, **narrow)).order_by("-id")
    if after is not None:
        found = found.filter(pk__lt=after) if show == "all" else found.filter(pk__gt=after)
    return found.order_by("-id" if show == "all" else "id")


@desk.page("tickets/<int:ticket_id>/", "ticket", needs="tickets.view_ticket", changes="tickets.change_ticket")
def ticket(request, ticket_id):
    """One ticket. POST with `message` answers it, any other sorts it; both by the services of the API.

    `before` leads back in its conversation.
    """
    found = Ticket.objects.visible_to(request.user).select_related("user", "assignee", "order", "meeting")
    shown = found.filter(pk=ticket_id).first()
    if shown is None:
        raise Http404
    replies = CannedReply.objects.in_language(shown.user.language)[:_MOST_CANNED]
    canned = [(one, one.fill_in(ticket=shown, agent=request.user)) for one in replies]
    picked = [text for one, text in canned if str(one.pk) == request.GET.get("canned")]
    answers = request.method == "POST" and "message" in request.POST
    reply = ReplyForm(request.POST if answers else None, initial={"message": "".join(picked)})
    initial = {"status": shown.status, "priority": shown.priority, "assignee": shown.assignee_id}
    sorts = request.method == "POST" and not answers
    sort = SortForm(request.POST if sorts else None, initial=initial, assignee=shown.assignee)
    if (reply.is_bound and reply.is_valid() and _reply(request, ticket_id, reply)) or (
        sort.is_bound and sort.is_valid() and _sort(request, ticket_id, sort)
    ):
        return HttpResponseRedirect(reverse("desk:next_ticket" if "next" in request.POST else "desk:ticket", args=[ticket_id]))
    asked = ConversationForm(request.GET)
    said = _conversation(shown, asked.cleaned_data["before"] if asked.is_valid() else None)
    return desk.render(request, "desk/ticket.html", str(shown), ticket=shown, canned=canned, reply=reply, sort=sort, **said)


def _conversation(ticket, before):
    found = Answer.objects.filter(ticket=ticket) if before is None else Answer.objects.filter(ticket=ticket, pk__lt=before)
    answers = found.select_related("user").prefetch_related("attachments").order_by("-id")[:_MOST_WORDS][::-1]
    return {
        "files": ticket.attachments.filter(answer=None),
        "answers": answers,
        "older": found.filter(pk__lt=answers[0].pk).count() if len(answers) == _MOST_WORDS else 0,
        "before": before,
        "changes": ticket.status_changes.select_related("user").order_by("-id")[:20],
    }


def _reply(request, ticket_id, form):
    words = {name: form.cleaned_data[name] for name in ("message", "internal")}
    done = _("Noted.") if words["internal"] else _("The answer is on its way.")
    with desk.telling(request, done), desk.once(by=request.user, route=f"reply.{ticket_id}", form=form):
        services.answer_ticket(by=request.user, ticket_id=ticket_id, **words)
    return True


def _sort(request, ticket_id, form):
    changes = {name: form.cleaned_data[name] for name in form.changed_data}
    with desk.telling(request, _("Saved.")):
        services.sort_ticket(by=request.user, ticket_id=ticket_id, **changes)
    return True


@desk.page("tickets/<int:ticket_id>/next/", "next_ticket", needs="tickets.view_ticket")
def next_ticket(request, ticket_id):
    """On to the next one that awaits support; after the newest, to the oldest."""
    keys = _awaiting().exclude(pk=ticket_id).values_list("pk", flat=True)
    found = keys.filter(pk__gt=ticket_id).first() or keys.first()
    return HttpResponseRedirect(_link(found) if found else reverse("desk:tickets"))


@desk.page("tickets/files/<int:attachment_id>/", "ticket_file", needs="tickets.view_ticket")
def ticket_file(request, attachment_id):
    """A file of a ticket, to be stored: browsers never show what customers sent."""
    try:
        attachment = services.open_attachment(by=request.user, attachment_id=attachment_id)
    except Missing:
        raise Http404 from None
    return FileResponse(attachment.file, as_attachment=True, filename=attachment.name, content_type="application/octet-stream")


@desk.box(10, gettext_lazy("Tickets awaiting support"), "desk:tickets", needs="tickets.view_ticket")
def awaiting_support():
    found = _awaiting().select_related("user")[: desk.MOST]
    return [
        desk.Row(str(one), _link(one.pk), desk.beside(one.user, f"{timezone.localtime(one.created_at):%Y-%m-%d %H:%M}"))
        for one in found
    ]


@desk.chart(10, gettext_lazy("Tickets"), needs="tickets.view_ticket")
def tickets_by_day(start, end):
    by_day = Ticket.objects.filter(created_at__gte=start, created_at__lt=end).order_by().annotate(day=TruncDate("created_at"))
    return by_day.values("day").annotate(number=Count("pk")).values_list("day", "number")


@desk.panel(10, gettext_lazy("Tickets"), "admin:tickets_ticket_changelist", needs="tickets.view_ticket")
def tickets_of(person):
    newest = Ticket.objects.filter(user=person).order_by("-id")[: desk.MOST]
    return [
        desk.Row(str(one), _link(one.pk), f"{one.get_status_display()} · {timezone.localdate(one.created_at)}") for one in newest
    ]
