"""Tickets and what was said about them. The rules stand in the database, so that whoever writes obeys them."""

from tickets.models.answers import Answer
from tickets.models.attachments import Attachment
from tickets.models.canned import CannedReply
from tickets.models.changes import StatusChange
from tickets.models.search import SearchText
from tickets.models.tickets import Awaiting, Priority, Status, Ticket

__all__ = ["Answer", "Attachment", "Awaiting", "CannedReply", "Priority", "SearchText", "Status", "StatusChange", "Ticket"]
