"""What of tickets is shown to whom, and how they are searched."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, BooleanField, F, Func, OuterRef
from django.utils.translation import gettext_lazy as _

from config.fields import IdField, SearchField
from config.filters import Filter, column_choices, read_filters
from config.json import JSONResponse
from config.pagination import next_link, read_limit
from config.reads import Caller, Listing, json_statement
from config.sql import Param
from tickets.api.serializers import AnswerURLsField, TicketSerializer
from tickets.models import Answer, Awaiting, Status, Ticket
from tickets.models.search import search


def tickets(user):
    """The tickets that a caller may see, each with the URLs of the newest answers that the caller may see."""
    answers = Answer.objects.visible_to(user).filter(ticket=OuterRef("pk")).order_by("-id")
    newest = answers.values(url=AnswerURLsField.url())[: AnswerURLsField.MOST]
    return Ticket.objects.visible_to(user).annotate(answer_urls=ArraySubquery(newest))


def of_ticket(model):
    """The rows of one ticket, at the place "ticket", that a caller may see."""
    return lambda user: model.objects.visible_to(user).filter(ticket=Param("ticket", BigIntegerField()))


class TicketListing(Listing):
    """Tickets, newest first. `search` looks through those that the other filters let pass, so that pages are full."""

    def __init__(self):
        super().__init__(
            tickets,
            TicketSerializer,
            filters=(
                column_choices("status", "status", Status.values, help_text=_("c: closed, u: unsolved, f: frozen.")),
                column_choices("awaiting", "awaiting", Awaiting.values, help_text=_("Who owes the next word.")),
                Filter("assignee", IdField(help_text=_("Who of support sees to it.")), "assignee_id"),
                Filter("search", SearchField(help_text=_("Words in the ticket or its answers.")), None),
            ),
        )

    def respond(self, request, **places):
        """As all listings, but a search may stop before its page is full: then the Link goes on where it stopped."""
        values = {one.name: value for one, value in read_filters(self.filters, request.GET)}
        user, limit, cursor = request.user, read_limit(request.GET), request.GET.get("cursor", "")
        before = self.ordering.read(cursor)["after_id"] if cursor else None
        if values.get("status") == Status.CLOSED and values.get("awaiting") == Awaiting.CUSTOMER:
            # Triggers see to it that there is none. PostgreSQL does not know, and would look through all tickets for fifty.
            return JSONResponse(b"[]")
        if "search" not in values:
            return super().respond(request, **places)
        reader = None if user.is_staff else user.pk
        hits = search(values.pop("search"), reader=reader, before=before, wanted=limit + 1, **values)
        statement = self._once((Caller.kind(user), "found"), lambda: self._of_keys(Caller(user)))
        texts = self._run(statement, request, {"found": hits.keys[:limit]})
        response = JSONResponse(b"[" + ",".join(texts).encode() + b"]")
        if goes_on := hits.keys[limit - 1] if len(hits.keys) > limit else hits.stopped:
            response.headers["Link"] = next_link(request, self.ordering.cursor(b'{"id": %d}' % goes_on))
        return response

    def _of_keys(self, caller):
        # Only what is visible, whatever the search found.
        found = Func(
            F("pk"),
            Param("found"),
            arg_joiner=" = ANY(",
            template="%(expressions)s::bigint[])",
            output_field=BooleanField(),
        )
        return json_statement(self.rows(caller).filter(found).order_by("-id"), self.serializer_class())
