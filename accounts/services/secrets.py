"""The password itself: asking for the present one, judging a new one, setting it. The only place that writes one."""

from uuid import uuid4

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.errors import PasswordRefused, WrongPassword
from accounts.models import Code
from config.limits import count_try, take_back
from notifications.services import in_language_of, notify


def check_new_password(password, user, *, field="password"):
    """Raises PasswordRefused, with the validators' words, for a password that is too easy to guess."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordRefused(errors={field: ("password_refused", " ".join(error.messages))}) from None


def check_current_password(user, password):
    """Raises WrongPassword, or TooMany: a stolen access token is no way to try passwords."""
    tried = count_try("sign_in", "current_password", user.pk)
    if not password or not user.check_password(password):
        raise WrongPassword
    take_back(tried)


def set_password(user, password):
    """Stores a password that was judged, hashed; the person is told.

    Every session ends (a trigger's doing), and resets on their way are worth nothing any more.
    """
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        user.codes.filter(purpose=Code.Purpose.RESET, used_at=None).update(used_at=Now())
        with in_language_of(user):
            notify(
                user=user,
                type="account",
                title=_("Your password was changed"),
                message=_(
                    "The password of your account was changed and every device signed out. If it was not you, reset it now."
                ),
                key=f"password_changed:{uuid4().hex}",
            )
