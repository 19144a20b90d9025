"""What can go wrong at the support desk."""

from django.utils.translation import gettext_lazy as _

from config.errors import Conflict, Invalid, Missing, TooLarge


class OwnerGone(Missing):
    """The account was closed while its words were on their way."""

    constraint = "ticket_owner_is_open"


class AssigneeRefused(Invalid):
    """Tickets are assigned to support only. Says the same of an account that there is not."""

    code = "assignee_refused"
    field = "assignee"
    constraint = "ticket_assignee_is_support"
    detail = _("Tickets are assigned to support.")


class NotOwnOrder(Invalid):
    """Says the same of somebody else's order as of one that there is not."""

    code = "unknown_order"
    field = "order"
    constraint = "ticket_order_is_own"
    detail = _("You have no such order.")


class NotOwnMeeting(Invalid):
    """Says the same of somebody else's meeting as of one that there is not."""

    code = "unknown_meeting"
    field = "meeting"
    constraint = "ticket_meeting_is_own"
    detail = _("You have no such meeting.")


class MessageBlank(Invalid):
    code = "blank"
    field = "message"
    constraint = "ticket_has_message"
    detail = _("Write a message.")


class AnswerBlank(MessageBlank):
    constraint = "answer_has_message"


class TooManyFiles(Invalid):
    """A message comes with five files at most."""

    code = "too_many_files"
    field = "files"
    constraint = "attachment_place_known"
    detail = _("A message takes at most five files.")


class FileRefused(Invalid):
    """The bytes of a file are of a kind that is not taken, or of another one than its name says."""

    code = "file_refused"
    field = "files"
    detail = _("Files of this kind are not taken.")


class FileTooLarge(TooLarge):
    code = "file_too_large"
    detail = _("A file is too large.")


class HistoryFixed(Conflict):
    """What happened to a ticket is not rewritten."""

    code = "history_fixed"
    constraint = "ticket_history_fixed"
    detail = _("The history of a ticket cannot be changed.")
