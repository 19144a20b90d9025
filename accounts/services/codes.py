"""Opening a code and queueing the message that carries it."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Code, User
from notifications.services import send

EMAIL, PHONE = "email", "phone"
VERIFICATIONS = {EMAIL: Code.Purpose.VERIFY_EMAIL, PHONE: Code.Purpose.VERIFY_PHONE}
# However many addresses ask, one account is sent no more codes of a purpose than this in an hour.
CODES_AN_HOUR = 10


def open_code(*, user_id, purpose, channel):
    """Opens a code for an account and queues its message to the account's e-mail or phone.

    Does nothing where there is no such active account, no such address, or there were too many already: whoever asked
    may not be its owner, and learns nothing.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
        address = getattr(user, channel) if user else None
        if not address:
            return
        if user.codes.filter(purpose=purpose, created_at__gt=Now() - timedelta(hours=1)).count() >= CODES_AN_HOUR:
            return
        code = Code.objects.create(user=user, purpose=purpose, address=address, expires_at=Now() + settings.CODE_LIFETIME)
        send(
            channel="sms" if channel == PHONE else "email",
            to=address,
            kind="accounts.reset" if purpose == Code.Purpose.RESET else "accounts.code",
            context={"code": code.pk},
            key=f"code:{code.pk}",
            user=user,
            language=user.language,
        )
