"""What can go wrong with notifications."""

from django.utils.translation import gettext_lazy as _

from config.errors import Conflict, Invalid


class PreferenceRequired(Invalid):
    """Messages about the security of an account reach it, wanted or not."""

    code = "preference_required"
    constraint = "preference_security_required"
    detail = _("Messages about your account's security cannot be turned off.")


class NotRetryable(Conflict):
    """Only a delivery that was given up can be put back into the queue."""

    code = "delivery_not_failed"
    detail = _("Only failed deliveries can be sent again.")


class NotDelivered(Exception):
    """One try to send a message failed; the job tries again. The text names the fault and holds nothing of the message."""
