"""Proving that an e-mail address or a phone is one's own, by six digits sent there."""

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import codes
from accounts.errors import InvalidCode, NothingToVerify
from accounts.models import Code, User
from accounts.services.codes import VERIFICATIONS, open_code
from accounts.tasks import send_verification
from config.limits import count_try


def request_verification(*, by, channel):
    """Sends digits to the actor's e-mail or phone. Raises NothingToVerify, and TooMany after LIMIT_CODE tries."""
    count_try("code", "verify", by.pk)
    if not getattr(by, channel):
        raise NothingToVerify
    open_code(user_id=by.pk, purpose=VERIFICATIONS[channel], channel=channel)


def request_verification_of(*, identifier, channel, address=""):
    """The same for somebody who cannot sign in before: names the account, and learns nothing about whether there is one.

    Raises TooMany after LIMIT_CODE tries for one name from one address.
    """
    count_try("code", "verify", identifier.lower(), address)
    user = User.objects.named(identifier).filter(is_active=True).only("pk").first()
    with transaction.atomic():
        send_verification.defer(user_id=user.pk if user else None, channel=channel)


def confirm_verification(*, channel, digits, user_id=None, identifier=None):
    """Marks the address of an account verified for the right digits. The account is given by its id or one of its names.

    Raises InvalidCode for wrong, old, spent or over-guessed digits, and for an account that there is not.
    """
    if identifier is not None:
        user_id = User.objects.named(identifier).filter(is_active=True).values_list("pk", flat=True).first()
    newest = Code.objects.filter(user_id=user_id, purpose=VERIFICATIONS[channel]).order_by("-id").first()
    usable = Code.objects.filter(
        pk=newest.pk if newest else None, used_at=None, expires_at__gt=Now(), guesses__lt=settings.CODE_GUESSES
    )
    # Counted before it is looked at, and committed: a wrong guess stays counted.
    if not usable.update(guesses=F("guesses") + 1) or not codes.matches(newest, digits=digits):
        raise InvalidCode
    with transaction.atomic():
        used = Code.objects.filter(pk=newest.pk, used_at=None).update(used_at=Now())
        # The address may have changed since the code was sent there.
        marked = User.objects.filter(pk=user_id, **{channel: newest.address}).update(**{f"{channel}_verified_at": Now()})
        if not (used and marked):
            raise InvalidCode
