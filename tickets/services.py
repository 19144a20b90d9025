"""The use cases of the support desk.

Whoever may not see a ticket hears that there is none (Missing); whoever sees it and may not do something, NotAllowed.
"""

import logging

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from config.actors import acting
from config.erasing import ERASED, forget_names
from config.errors import Missing, NotAllowed, named_constraints
from config.history import erase_history
from config.signs import is_blank
from config.sql import Insertion, Query
from config.writes import one_statement, only, parts
from notifications.models import Type
from notifications.services import in_language_of, notify
from tickets.errors import MessageBlank
from tickets.files import keeping_files, store_files
from tickets.mails import ANSWERED, STATUS_SET
from tickets.models import Answer, Attachment, Priority, SearchText, StatusChange, Ticket

logger = logging.getLogger(__name__)

# People before tickets (docs/locking.md).
_LOCK_PEOPLE = Query("""
SELECT id FROM accounts_user WHERE id IN (%(by)s, (SELECT user_id FROM tickets_ticket WHERE id = %(ticket)s))
ORDER BY id FOR KEY SHARE""")
_LOCK_ANSWERERS = Query("""
SELECT id FROM accounts_user WHERE id IN (
    SELECT a.user_id FROM tickets_answer a JOIN tickets_ticket t ON t.id = a.ticket_id WHERE t.user_id = %(user)s
) ORDER BY id FOR KEY SHARE""")
_OPEN = Insertion(Ticket, "user_id", "message", "subject", "priority", "order_id", "meeting_id")
_EXCERPT = 500  # characters of an answer in the list of notifications; the mail has all of it


def open_ticket(*, by, message, subject="", priority=Priority.NORMAL, order_id=None, meeting_id=None, files=(), returning=None):
    """Opens a ticket, which may be about one of the actor's own orders or meetings. Returns it.

    Its `returned` is what `returning` (config.sql) makes of it; None if it has files, which are written after it. Raises
    MessageBlank, NotOwnOrder, NotOwnMeeting, and what `store_files` raises.
    """
    _must_say_something(message)
    with keeping_files(), named_constraints():
        stored = store_files(files)
        with transaction.atomic() if stored else one_statement():
            ticket = _OPEN.run(
                None if stored else returning,
                user_id=by.pk,
                message=message,
                subject=subject,
                priority=priority,
                order_id=order_id,
                meeting_id=meeting_id,
            )
            _attach(stored, ticket_id=ticket.pk)
    return ticket


def answer_ticket(*, by, ticket_id, message, internal=False, files=()):
    """Says something about a ticket, and tells its owner if it was not the owner. Returns the answer.

    `internal` is for support: a note that its owner never sees nor hears of; from anybody else it means nothing.
    Raises Missing, MessageBlank and what `store_files` raises.
    """
    ticket = Ticket.objects.visible_to(by).filter(pk=ticket_id).first()
    if ticket is None:
        raise Missing
    _must_say_something(message)
    with keeping_files():
        # Before the transaction: nobody shall wait for a lock of ours while megabytes are written.
        stored = store_files(files)
        with named_constraints(), transaction.atomic():
            answer = Answer.objects.create(ticket=ticket, user=by, message=message, internal=internal and by.is_staff)
            _attach(stored, ticket_id=ticket.pk, answer_id=answer.pk)
            if ticket.user_id != by.pk and not answer.internal:
                _tell_of_answer(ticket, answer)
    return answer


def _must_say_something(message):
    # The database refuses most of it, too; a few spaces and signs of scripts it does not know.
    if is_blank(message):
        raise MessageBlank


def _attach(stored, **to):
    rows = [Attachment(**to, position=position, **file._asdict()) for position, file in enumerate(stored, 1)]
    if rows:
        Attachment.objects.bulk_create(rows)


def set_status(*, by, ticket_id, status):
    """Support says where a ticket stands; its owner hears of a change. Returns the ticket. Raises Missing and NotAllowed."""
    with acting(by), transaction.atomic():
        _LOCK_PEOPLE.run({"by": by.pk, "ticket": ticket_id})
        ticket = _ticket_for_support(by, ticket_id)
        changed = ticket.status != status
        Ticket.objects.filter(pk=ticket.pk).update(status=status, changed_status=by)
        ticket.status, ticket.changed_status = status, by
        if changed and ticket.user_id != by.pk:
            _tell_of_status(ticket)
    return ticket


def change_ticket(*, by, ticket_id, **changes):
    """Support sorts a ticket: `subject`, `priority`, `assignee_id`. Raises Missing, NotAllowed and AssigneeRefused."""
    only({"subject", "priority", "assignee_id"}, changes)
    with named_constraints(), transaction.atomic():
        ticket = _ticket_for_support(by, ticket_id)
        if changes:
            Ticket.objects.filter(pk=ticket.pk).update(**changes)


def _ticket_for_support(by, ticket_id):
    """The ticket, locked."""
    ticket = Ticket.objects.visible_to(by).select_for_update(no_key=True).filter(pk=ticket_id).first()
    if ticket is None:
        raise Missing
    if not by.is_staff:
        raise NotAllowed
    return ticket


def open_attachment(*, by, attachment_id):
    """A file that the actor may read: its Attachment, opened. Raises Missing."""
    attachment = Attachment.objects.visible_to(by).filter(pk=attachment_id).first()
    if attachment is None:
        raise Missing
    try:
        attachment.file.open()
    except FileNotFoundError:
        logger.error("attachment %d is not in storage", attachment.pk)
        raise Missing from None
    return attachment


def sort_ticket(*, by, ticket_id, status=None, **changes):
    """What a page of the staff's shows together, in one transaction: the status, and what change_ticket changes.

    `assignee` is a User, or None. Raises what those two raise.
    """
    if "assignee" in changes:
        assignee = changes.pop("assignee")
        changes["assignee_id"] = assignee and assignee.pk
    with transaction.atomic():
        if status:
            set_status(by=by, ticket_id=ticket_id, status=status)
        if changes:
            change_ticket(by=by, ticket_id=ticket_id, **changes)


def forget_user(*, user):
    """Erases all that was said about the tickets of somebody whose account is being closed.

    The tickets stay, and who of the staff did what and when. What the person said on behalf of support to others is those
    others'; what they saw to is given back by the database (migrations/assignees.sql). Called inside the transaction that
    closes the account, which holds the account's row.
    """
    theirs = Ticket.objects.filter(user=user)
    forget_names(theirs)
    files = Attachment.objects.filter(ticket__user=user)
    names = list(files.values_list("file", flat=True))
    files.delete()
    # If it comes to that, the nightly job finds them (tickets.tasks).
    transaction.on_commit(lambda: [default_storage.delete(name) for name in names])
    _LOCK_ANSWERERS.run({"user": user.pk})
    tickets = list(theirs.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    # The answers' trigger would write a ticket's words anew for each of them, from all of them. Without their rows, words are
    # written once: by the tickets' own trigger, when nothing is left of them.
    SearchText.objects.filter(owner=user.pk).delete()
    said = Answer.objects.filter(ticket__user=user).exclude(message=ERASED)
    for part in parts(list(said.order_by("ticket_id", "pk").values_list("pk", flat=True))):
        Answer.objects.filter(pk__in=part).update(message=ERASED)
    for part in parts(tickets):
        Ticket.objects.filter(pk__in=part).update(subject="", message=ERASED)
    erase_history(theirs, subject="", message=ERASED)


def _tell_of_answer(ticket, answer):
    owner = _owner_of(ticket)
    with in_language_of(owner):
        notify(
            user=owner,
            type=Type.TICKET_ANSWERED,
            title=_("Reply to your ticket #%(number)s") % {"number": ticket.pk},
            message=_cut(answer.message),
            key=f"ticket_answer:{answer.pk}",
            link=path_of(ticket),
            mail=ANSWERED,
            context={"answer": answer.pk},
        )


def _tell_of_status(ticket):
    # The trigger has just written it, and the ticket is locked: the newest change is this one.
    change = StatusChange.objects.filter(ticket=ticket).latest("pk")
    owner = _owner_of(ticket)
    with in_language_of(owner):
        notify(
            user=owner,
            type=Type.TICKET_STATUS,
            title=_("Your ticket #%(number)s is now %(status)s") % {"number": ticket.pk, "status": ticket.get_status_display()},
            message=ticket.topic,
            key=f"ticket_status:{change.pk}",
            link=path_of(ticket),
            mail=STATUS_SET,
            context={"ticket": ticket.pk},
        )


def _owner_of(ticket):
    # Read after the write that locked it: an account that was closed meanwhile has no address any more.
    return User.objects.get(pk=ticket.user_id)


def path_of(ticket):
    """The path of a ticket, as clients have it."""
    return f"/api/ticket/{ticket.pk}"


def _cut(text):
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"
