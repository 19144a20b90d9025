"""Proving that an e-mail address or a phone is one's own, by six digits sent there."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import InvalidCode, NothingToVerify
from accounts.identifiers import canonical
from accounts.models import Code, User
from accounts.services.codes import VERIFICATIONS, guess, open_code
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
    count_try("code", "verify", canonical(identifier), address)
    user_id = User.objects.named(identifier).filter(is_active=True).values_list("pk", flat=True).first()
    with transaction.atomic():
        send_verification.defer(user_id=user_id, channel=channel)


def confirm_verification(*, channel, digits, user_id=None, identifier=None, address=""):
    """Marks the address of an account verified for the right digits. The account is given by its id or one of its names.

    Raises InvalidCode for wrong, old, spent or over-guessed digits, and for an account that there is not; TooMany.
    """
    name = None
    if identifier is not None:
        name = canonical(identifier)
        user_id = User.objects.named(identifier).filter(is_active=True).values_list("pk", flat=True).first()
    code = guess(user_id=user_id, purpose=VERIFICATIONS[channel], digits=digits, address=address, name=name)
    if code is None:
        raise InvalidCode
    with transaction.atomic():
        # The account before its codes, as everybody locks them. Its address may have changed since the code was sent there.
        holders = User.objects.filter(pk=user_id, is_active=True, **{channel: code.address})
        marked = holders.update(**{f"{channel}_verified_at": Now()})
        if not (marked and Code.objects.filter(pk=code.pk, used_at=None).update(used_at=Now())):
            raise InvalidCode
