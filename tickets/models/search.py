"""The words of tickets, for searching."""

from datetime import timedelta
from typing import NamedTuple

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import BooleanField, F, Func, Value

from tickets.models.tickets import Ticket

# Tickets are searched newest first, a block of 2**15 at a time (tickets_search in migrations/search.sql).
BLOCK_BITS = 15
# After so long a search of the API answers with what it has, and where to go on.
PATIENCE = timedelta(milliseconds=4)
# So many the staff's pages look for, which search to the end, and pick their own of.
MOST_FOUND = 1000


class SearchText(models.Model):
    """One ticket's words and the columns by which tickets are filtered, side by side for one index. Triggers keep it.

    `words` are those that its owner may see; `staff_words` have those of internal notes besides.
    """

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="+")
    block = models.GeneratedField(
        expression=F("ticket").bitrightshift(BLOCK_BITS), output_field=models.BigIntegerField(), db_persist=True
    )
    owner = models.BigIntegerField()
    status = models.CharField(max_length=1)
    awaiting = models.CharField(max_length=10, null=True)  # noqa: DJ001 (as the ticket has it)
    assignee = models.BigIntegerField(null=True)
    words = SearchVectorField()
    staff_words = SearchVectorField()

    class Meta:
        indexes = (
            # New entries wait in a list, to be put in place together, which takes a third of the time. Every search reads
            # that list through, so it is kept to eight pages.
            GinIndex(
                fields=["block", "owner", "status", "awaiting", "assignee", "words", "staff_words"],
                name="ticket_words",
                fastupdate=True,
                gin_pending_list_limit=64,
            ),
            models.Index(fields=["owner", "-ticket"], name="ticket_words_of_owner"),
        )

    def __str__(self):
        return f"words of ticket #{self.ticket_id}"


class Found(Func):
    """Whether a key is among the newest `wanted` ones that hold all words (tickets_search in migrations/search.sql).

    `reader` is the customer whose tickets and words are looked through; None is support. The others narrow the search.
    """

    output_field = BooleanField()

    def __init__(self, key, words, *, reader, wanted, status=None, awaiting=None, assignee=None, before=None):
        arguments = (words, reader, status, awaiting, assignee, before, wanted, None)
        super().__init__(key, *(one if hasattr(one, "resolve_expression") else Value(one) for one in arguments))

    def as_sql(self, compiler, connection, **context):
        (key, key_params), *rest = [compiler.compile(expression) for expression in self.source_expressions]
        # An array, computed once: the planner would not believe that a set of keys is small.
        search = f"SELECT hits FROM tickets_search({', '.join(sql for sql, _params in rest)})"  # noqa: S608 (our own text)
        sql = f"{key} = ANY ((SELECT ({search}))::bigint[])"
        return sql, [*key_params, *(param for _sql, params in rest for param in params)]


class Hits(NamedTuple):
    """The keys that a search found, newest first. With `stopped`, it gave up before that ticket and can go on there."""

    keys: list[int]
    stopped: int | None


def search(words, *, reader, wanted, status=None, awaiting=None, assignee=None, before=None):
    """The Hits of a search that takes not much longer than PATIENCE, whatever is searched. Otherwise as Found."""
    with connection.cursor() as cursor:
        values = [words, reader, status, awaiting, assignee, before, wanted, PATIENCE]
        cursor.execute(
            "SELECT * FROM tickets_search(%s, %s::bigint, %s, %s, %s::bigint, %s::bigint, %s::bigint, %s::interval)", values
        )
        return Hits(*cursor.fetchone())
