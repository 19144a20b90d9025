"""What people get of the support desk, and what not (config.exports). What support wrote to others is those others'."""

from django.db.models import Q

from config.exports import Section
from config.history import WITHHELD as HISTORY
from tickets.models import Answer, Attachment, StatusChange, Ticket

SECTIONS = (
    Section(
        "tickets",
        lambda user: Ticket.objects.filter(user_id=user.pk),
        ("id", "subject", "message", "status", "priority", "order", "meeting", "awaiting", "created_at"),
        {
            "user": "The account.",
            "changed_status": "Who of the staff it was.",
            "assignee": "Who of the staff it is.",
        },
    ),
    Section(
        "ticket_status_changes",
        lambda user: StatusChange.objects.filter(ticket__user_id=user.pk),
        ("ticket", "from_status", "to_status", "changed_at"),
        {"id": "Nothing refers to it.", "user": "Who of the staff it was."},
    ),
    Section(
        "answers",
        lambda user: Answer.objects.filter(ticket__user_id=user.pk, internal=False),
        ("id", "ticket", "user", "message", "answered_at"),
        {"internal": "Support's notes to itself are left out."},
    ),
    Section(
        "attachments",
        lambda user: Attachment.objects.filter(Q(answer=None) | Q(answer__internal=False), ticket__user_id=user.pk),
        ("id", "ticket", "answer", "name", "content_type", "size", "created_at"),
        {"position": "The order of the ids.", "file": "Its place in storage; /api/v1/attachments/{id}/ gives the file."},
    ),
)
WITHHELD = {"tickets.SearchText": "The words of the tickets and answers, for searching.", "tickets.TicketHistory": HISTORY}
