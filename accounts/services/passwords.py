"""Changing a password, and setting a forgotten one by mail or SMS."""

from django.db import transaction
from django.db.models.functions import Now

from accounts import codes
from accounts.errors import InvalidResetToken
from accounts.identifiers import canonical
from accounts.models import Code, User
from accounts.services.codes import guess
from accounts.services.secrets import check_current_password, check_new_password, set_password
from accounts.tasks import send_reset
from config.keys import key_of
from config.limits import count_try


def change_password(*, by, current_password, new_password):
    """Sets a new password for the actor; every session ends. Raises CurrentPasswordNeeded, WrongPassword and PasswordRefused."""
    check_current_password(by, current_password)
    check_new_password(new_password, by, field="new_password")
    set_password(by, new_password, instead_of=current_password)


def request_reset(*, identifier, address=""):
    """Sends a reset to the account of this name, if there is one.

    The same statements run whether there is, and the mail is a job, so neither answer nor timing tells.
    Raises TooMany after LIMIT_RESET tries for one name from one address.
    """
    name = canonical(identifier)
    count_try("reset", name, address)
    user_id = User.objects.named(identifier).filter(is_active=True).values_list("pk", flat=True).first()
    with transaction.atomic():
        send_reset.defer(user_id=user_id, by_phone=name.startswith("+"))


def confirm_reset(*, new_password, user_id=None, token=None, identifier=None, digits=None, address=""):
    """Sets a new password for whoever holds the token of a reset mail, or the digits sent to the account `identifier`.

    Raises InvalidResetToken, the same for unknown accounts, and PasswordRefused, which spends neither; TooMany for wrong
    ones from one address, which keep nobody elsewhere from the right one.
    """
    if identifier is None:
        code = _by_token(user_id, token, address)
    else:
        user_id = User.objects.named(identifier).values_list("pk", flat=True).first()
        code = guess(user_id=user_id, purpose=Code.Purpose.RESET, digits=digits, address=address, name=canonical(identifier))
    if code is None or not code.user.is_active or code.address not in (code.user.email, code.user.phone):
        raise InvalidResetToken
    check_new_password(new_password, code.user, field="new_password")
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).filter(pk=code.user_id, is_active=True).first()
        # The account may have left the address since it was looked at.
        if user is None or code.address not in (user.email, user.phone):
            raise InvalidResetToken
        if not Code.objects.filter(pk=code.pk, used_at=None).update(used_at=Now()):
            raise InvalidResetToken
        # Who reads mail sent there has proved the address as well.
        verified = "phone_verified_at" if code.address == user.phone else "email_verified_at"
        User.objects.filter(pk=user.pk).update(**{verified: Now()})
        set_password(user, new_password)


def _by_token(user_id, token, address):
    """The open reset that a token belongs to, or None.

    Its 256 bits cannot be guessed, so a wrong one costs the account nothing: it is compared first, and counted for whoever
    sent it. Nor does a later reset, which anybody may ask for, take a link away.
    """
    key = key_of((token or "").partition("-")[0])
    links = Code.objects.filter(pk=key, user_id=user_id, purpose=Code.Purpose.RESET, used_at=None, expires_at__gt=Now())
    code = links.select_related("user").first()
    if code and codes.matches(code, token=token):
        return code
    count_try("code", "token", address)
    return None
