"""The messages that accounts send. Each is written by the job that sends it, which asks again whether it still applies."""

from django.conf import settings
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from accounts import codes
from accounts.models import Code
from notifications.messages import Message, message


def _open_code(delivery):
    return Code.objects.select_related("user").filter(pk=delivery.context["code"], used_at=None).first()


@message("accounts.code")
def verification_code(delivery):
    """Six digits that prove an address. None once they were used."""
    code = _open_code(delivery)
    if code is None:
        return None
    digits = codes.digits_of(code)
    return Message(
        subject=_("Your code is %(code)s") % {"code": digits},
        text=_("Your Frontdesk code is %(code)s. It is good for 10 minutes. If you did not ask for it, ignore this message.")
        % {"code": digits},
    )


@message("accounts.reset")
def password_reset(delivery):
    """A link and six digits, either of which sets a new password. None once used, or for an account that is not active."""
    code = _open_code(delivery)
    if code is None or not code.user.is_active:
        return None
    digits = codes.digits_of(code)
    if delivery.channel == "sms":
        text = _("Your Frontdesk code to set a new password is %(code)s. It is good for 10 minutes.") % {"code": digits}
        return Message(subject="", text=text)
    uid = urlsafe_base64_encode(force_bytes(code.user_id))
    link = settings.PASSWORD_RESET_URL.format(uid=uid, token=codes.token_of(code))
    return Message(
        subject=_("Set a new password"),
        text=_(
            "Somebody, hopefully you, asked for a new password.\n\n"
            "To set it, open this link: %(link)s\n\n"
            "Or enter this code: %(code)s\n\n"
            "Both are good for 10 minutes, once. If it was not you, ignore this message: nothing has changed."
        )
        % {"link": link, "code": digits},
    )


@message("accounts.address_changed")
def address_changed(delivery):
    """Tells the old address that the account no longer goes by it."""
    return Message(
        subject=_("Your account's contact was changed"),
        text=_(
            "Your Frontdesk account no longer uses this address: its owner entered another one. "
            "If it was not you, contact us at once."
        ),
    )
