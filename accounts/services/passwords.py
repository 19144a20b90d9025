"""Changing a password, and setting a forgotten one by mail or SMS."""

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import codes
from accounts.errors import InvalidResetToken
from accounts.models import Code, User
from accounts.services.secrets import check_current_password, check_new_password, set_password
from accounts.tasks import send_reset
from config.limits import count_try


def change_password(*, by, current_password, new_password):
    """Sets a new password for the actor; every session ends. Raises WrongPassword and PasswordRefused."""
    check_current_password(by, current_password)
    check_new_password(new_password, by, field="new_password")
    set_password(by, new_password)


def request_reset(*, identifier, address=""):
    """Sends a reset to the account of this name, if there is one.

    The same statements run whether there is, and the mail is a job, so neither answer nor timing tells.
    Raises TooMany after LIMIT_RESET tries for one name from one address.
    """
    count_try("reset", identifier.lower(), address)
    user = User.objects.named(identifier).filter(is_active=True).only("pk").first()
    with transaction.atomic():
        send_reset.defer(user_id=user.pk if user else None, by_phone=identifier.startswith("+"))


def confirm_reset(*, new_password, user_id=None, token=None, identifier=None, digits=None):
    """Sets a new password for whoever holds the token of a reset mail, or the digits sent to the account `identifier`.

    Raises InvalidResetToken, the same for unknown accounts, and PasswordRefused, which spends neither.
    """
    if identifier is not None:
        count_try("code", "reset", identifier.lower())
        user_id = User.objects.named(identifier).values_list("pk", flat=True).first()
    code = _guess(user_id)
    if code is None or not codes.matches(code, digits=digits, token=token):
        raise InvalidResetToken
    user = code.user
    check_new_password(new_password, user, field="new_password")
    with transaction.atomic():
        if not Code.objects.filter(pk=code.pk, used_at=None).update(used_at=Now()):
            raise InvalidResetToken
        # Who reads mail sent there has proved the address as well.
        verified = "phone_verified_at" if code.address == user.phone else "email_verified_at"
        User.objects.filter(pk=user.pk).update(**{verified: Now()})
        set_password(user, new_password)


def _guess(user_id):
    """The account's open reset, with this guess at it counted; None where there is none, or no guess is left.

    The count is committed at once, so that a wrong guess stays counted and parallel ones cannot slip through.
    """
    newest = Code.objects.filter(user_id=user_id, purpose=Code.Purpose.RESET).order_by("-id").values("pk")[:1]
    open_codes = Code.objects.filter(
        pk__in=list(newest.values_list("pk", flat=True)),
        used_at=None,
        expires_at__gt=Now(),
        guesses__lt=settings.CODE_GUESSES,
        user__is_active=True,
    )
    code = open_codes.select_related("user").first()
    if code is None or not open_codes.filter(pk=code.pk).update(guesses=F("guesses") + 1):
        return None
    return code if code.address in (code.user.email, code.user.phone) else None
