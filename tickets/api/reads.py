"""What of tickets is shown to whom, and how they are searched."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, F, OuterRef
from django.utils.translation import gettext_lazy as _

from config.fields import IdField, SearchField
from config.filters import Filter, column_choices
from config.reads import CALLER, Listing, json_statement
from config.sql import Param
from tickets.api.serializers import AnswerURLsField, TicketSerializer
from tickets.models import Answer, Awaiting, Status, Ticket
from tickets.models.search import Found


def tickets(user):
    """The tickets that a caller may see, each with the URLs of the answers that the caller may see."""
    answers = Answer.objects.visible_to(user).filter(ticket=OuterRef("pk")).order_by("-id")
    return Ticket.objects.visible_to(user).annotate(answer_urls=ArraySubquery(answers.values(url=AnswerURLsField.url())))


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

    def _compile(self, caller, found, *, after):
        values = {one.name: value for one, value in found}
        if "search" not in values:
            return super()._compile(caller, found, after=after)
        hit = Found(
            F("pk"),
            Param("filter_search"),
            reader=None if caller.is_staff else CALLER,
            status=values.get("status"),
            awaiting=values.get("awaiting"),
            assignee=Param("filter_assignee") if "assignee" in values else None,
            before=Param("after_id") if after else None,
            wanted=Param("limit"),
        )
        # Only what is visible, whatever the search found.
        return json_statement(self.rows(caller).filter(hit).order_by("-id"), self.serializer_class(), limited=True)
