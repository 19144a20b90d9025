"""The password itself: asking for the present one, judging a new one, setting it. The only place that writes one."""

from uuid import uuid4

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.errors import CurrentPasswordNeeded, PasswordRefused, WrongPassword
from accounts.models import Code, User
from config.errors import Missing
from config.limits import count_try, take_back
from notifications.services import in_language_of, notify


def check_new_password(password, user, *, field="password"):
    """Raises PasswordRefused, with the validators' words, for a password that is too easy to guess."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordRefused(errors={field: ("password_refused", " ".join(error.messages))}) from None


def check_current_password(user, password):
    """Raises WrongPassword, or TooMany: a stolen access token is no way to try passwords.

    CurrentPasswordNeeded where there is none: that is no try.
    """
    if not password:
        raise CurrentPasswordNeeded
    tried = count_try("sign_in", "current_password", user.pk)
    if not user.check_password(password):
        raise WrongPassword
    take_back(tried)


def check_still_current(locked, user, password):
    """Raises WrongPassword where the account, now that it is locked, has not the password that was found right for `user`."""
    if locked.password != user.password and not locked.check_password(password):
        raise WrongPassword


def set_password(user, password, *, instead_of=None):
    """Stores a password that was judged, hashed; the person is told. None stands for one that nothing fits.

    Every session ends (a trigger's doing), and resets on their way are worth nothing any more. Raises Missing where the
    account was closed since `user` was read, and WrongPassword where `instead_of`, if it is given, is no longer its password.
    """
    with transaction.atomic():
        locked = User.objects.open().select_for_update(no_key=True).filter(pk=user.pk).first()
        if locked is None:
            raise Missing
        if instead_of is not None:
            check_still_current(locked, user, instead_of)
        locked.set_password(password)
        locked.save(update_fields=["password"])
        user.password = locked.password  # a page keeps its own session by it
        locked.codes.filter(purpose=Code.Purpose.RESET, used_at=None).update(used_at=Now())
        with in_language_of(locked):
            notify(
                user=locked,
                type="account",
                title=_("Your password was changed"),
                message=_(
                    "The password of your account was changed and every device signed out. If it was not you, reset it now."
                ),
                key=f"password_changed:{uuid4().hex}",
            )
