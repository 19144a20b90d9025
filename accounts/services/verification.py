"""Proving that an e-mail address or a phone is one's own, by six digits sent there."""

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from notifications.services import send

from accounts import codes
from accounts.errors import InvalidCode, NothingToVerify
from accounts.models import Code, User
from config.limits import count_try

EMAIL, PHONE = "email", "phone"
_PURPOSES = {EMAIL: Code.Purpose.VERIFY_EMAIL, PHONE: Code.Purpose.VERIFY_PHONE}


def request_verification(*, by, channel):
    """Sends digits to the actor's e-mail or phone. Raises NothingToVerify, and TooMany after LIMIT_CODE tries."""
    count_try("code", "verify", by.pk)
    send_verification(user=by, channel=channel)


def send_verification(*, user, channel):
    """Opens a Code and queues its message."""
    address = getattr(user, channel)
    if not address:
        raise NothingToVerify
    with transaction.atomic():
        code = Code.objects.create(
            user=user, purpose=_PURPOSES[channel], address=address, expires_at=Now() + settings.CODE_LIFETIME
        )
        send(
            channel="sms" if channel == PHONE else "email",
            to=address,
            kind="accounts.code",
            context={"code": code.pk},
            key=f"code:{code.pk}",
            user=user,
            language=user.language,
        )


def confirm_verification(*, by, channel, digits):
    """Marks the address verified for the right digits. Raises InvalidCode for wrong, old, spent or over-guessed ones."""
    newest = Code.objects.filter(user=by, purpose=_PURPOSES[channel]).order_by("-id").first()
    usable = Code.objects.filter(
        pk=newest.pk if newest else None, used_at=None, expires_at__gt=Now(), guesses__lt=settings.CODE_GUESSES
    )
    # Counted before it is looked at, and committed: a wrong guess stays counted.
    if not usable.update(guesses=F("guesses") + 1) or not codes.matches(newest, digits=digits):
        raise InvalidCode
    with transaction.atomic():
        used = Code.objects.filter(pk=newest.pk, used_at=None).update(used_at=Now())
        # The address may have changed since the code was sent there.
        marked = User.objects.filter(pk=by.pk, **{channel: newest.address}).update(**{f"{channel}_verified_at": Now()})
        if not (used and marked):
            raise InvalidCode
