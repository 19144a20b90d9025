"""Opening, changing and closing an account."""

from contextlib import contextmanager
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import EmailOrPhoneNeeded, EmailTaken, PhoneTaken, UsernameNeeded, UsernameTaken
from accounts.identifiers import default_username
from accounts.models import DELETED_USER, Export, Session, User, default_language
from accounts.services.codes import EMAIL, PHONE, VERIFICATIONS, open_code
from accounts.services.secrets import check_current_password, check_new_password, set_password
from accounts.signals import account_closed
from config.erasing import forget_names
from config.errors import Missing, NotAllowed, named_constraints
from config.history import erase_history
from config.models import IdempotencyKey
from notifications.services import forget_user, send

_USERNAME_LENGTH = User._meta.get_field("username").max_length
_PRIVILEGES = {"user_type", "is_staff", "is_active"}
_OWN = {"username", "email", "phone", "first_name", "last_name", "language"}


def register_user(*, password, email=None, phone=None, username=None, first_name="", last_name="", language=None):
    """Opens an account for anybody. Raises Invalid errors for what cannot be: taken or malformed names, a weak password.

    Without a username the account goes by its e-mail, else its phone.
    """
    user = User(
        email=email,
        phone=phone,
        username=username or default_username(email, phone),
        username_chosen=_is_chosen(username, email, phone),
        first_name=first_name,
        last_name=last_name,
        language=language or default_language(),
    )
    return _open(user, password, username_given=bool(username))


def create_account(*, by, password, user_type=User.Type.STUDENT, is_staff=False, is_active=True, **fields):
    """Opens an account of any type, as an administrator may. Raises what register_user raises, and NotAllowed."""
    if not by.is_admin:
        raise NotAllowed
    user = User(**fields, is_active=is_active)
    user.username_chosen = _is_chosen(user.username, user.email, user.phone)
    user.username = user.username or default_username(user.email, user.phone)
    _set_type(user, user_type, is_staff=is_staff)
    return _open(user, password, username_given=bool(fields.get("username")))


def _is_chosen(username, email, phone):
    # Who enters the e-mail once more as the username has not chosen another name; it goes on following the e-mail.
    return bool(username) and username not in (email, phone)


def _open(user, password, *, username_given):
    if not (user.email or user.phone):
        raise EmailOrPhoneNeeded
    _clean(user)
    check_new_password(password, user)
    user.set_password(password)
    with _naming_what_was_given(user.email, username_given=username_given), transaction.atomic():
        user.save(force_insert=True)
        if settings.REQUIRE_VERIFIED:  # or nobody could sign in to ask for it
            channel = EMAIL if user.email else PHONE
            open_code(user_id=user.pk, purpose=VERIFICATIONS[channel], channel=channel)
    return user


@contextmanager
def _naming_what_was_given(email, *, username_given):
    """As named_constraints; but a username that nobody gave follows the e-mail or phone, and it is that which is taken."""
    try:
        with named_constraints():
            yield
    except UsernameTaken as error:
        if username_given:
            raise
        raise (EmailTaken if email else PhoneTaken) from error


def change_account(*, by, user, current_password=None, password=None, **changes):
    """Changes an account's own fields, and its privileges where the actor is an administrator. Returns the user.

    Changing e-mail, phone or password of one's own account needs the current password. The old address is told, and of a
    new password the person; that ends every session as well, as change_password does. Raises WrongPassword,
    PasswordRefused, Missing and the Invalid errors of names; TypeError for what is no changeable field.
    """
    if unknown := changes.keys() - _OWN - _PRIVILEGES:
        raise TypeError(f"not to be changed: {', '.join(sorted(unknown))}")
    if not by.is_admin:
        if by.pk != user.pk:
            raise Missing
        changes = {name: value for name, value in changes.items() if name in _OWN}
    moved = [name for name in ("email", "phone") if name in changes and changes[name] != getattr(user, name)]
    if by.pk == user.pk and (moved or password is not None):
        check_current_password(user, current_password)
    email = changes.get("email", user.email)
    with _naming_what_was_given(email, username_given="username" in changes), transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.closed_at:
            raise Missing
        old = {name: getattr(user, name) for name in moved}
        _apply(user, changes)
        user.save()
        for name, address in old.items():
            if address and address != getattr(user, name):
                _tell_old_address(user, name, address)
        if password is not None:
            check_new_password(password, user)
            set_password(user, password)
    return user


def _apply(user, changes):
    if "username" in changes:
        user.username_chosen = True
    for name in changes.keys() & _OWN:
        setattr(user, name, changes[name])
        if name in ("email", "phone"):
            setattr(user, f"{name}_verified_at", None)
    if not user.username_chosen:
        user.username = default_username(user.email, user.phone)
    user.is_active = changes.get("is_active", user.is_active)
    if "user_type" in changes or "is_staff" in changes:
        kind = changes.get("user_type", user.user_type)
        # Who stops being an administrator keeps no staff rights, unless they are given in the same breath.
        _set_type(user, kind, is_staff=changes.get("is_staff", user.is_staff and kind == user.user_type))
    _clean(user)


def _clean(user):
    user.clean()
    if len(user.username) > _USERNAME_LENGTH:  # a given one was measured at the door
        raise UsernameNeeded


def _set_type(user, user_type, *, is_staff):
    user.user_type = user_type
    user.is_superuser = user_type == User.Type.ADMIN
    user.is_staff = is_staff or user.is_superuser


def change_username(*, by, username, current_password):
    """Gives the actor's account another username. Raises WrongPassword and UsernameTaken."""
    check_current_password(by, current_password)
    return change_account(by=by, user=by, username=username)


def _tell_old_address(user, name, address):
    channel = "email" if name == "email" else "sms"
    send(
        channel=channel,
        to=address,
        kind="accounts.address_changed",
        context={"user": user.pk, "changed": name},
        key=f"address_changed:{uuid4().hex}",
        user=user,
        language=user.language,
    )


def close_account(*, by, user, current_password=None):
    """Closes an account and erases its personal data; tickets, meetings and orders stay, owned by "deleted user".

    One's own account needs the current password. Raises LastAdmin, WrongPassword, Missing.
    """
    if by.pk != user.pk and not by.is_admin:
        raise Missing
    if by.pk == user.pk:
        check_current_password(user, current_password)
    with named_constraints(), transaction.atomic():
        user = User.objects.select_for_update().filter(closed_at=None, pk=user.pk).first()
        if user is None:
            raise Missing
        # Whom others hear of from here on has no name any more.
        user.username, user.email, user.phone, user.first_name, user.last_name = DELETED_USER, None, None, "", ""
        account_closed.send(sender=User, user=user)
        forget_user(user=user)
        Session.objects.filter(user=user).delete()
        user.codes.all().delete()
        Export.objects.filter(user=user).delete()
        user.groups.clear()
        user.user_permissions.clear()
        IdempotencyKey.objects.filter(user=user).delete()
        forget_names(User.objects.filter(pk=user.pk))
        user.set_unusable_password()
        user.username_chosen, user.language, user.last_login = False, default_language(), None
        user.email_verified_at = user.phone_verified_at = None
        user.is_active = user.is_staff = user.is_superuser = False
        user.user_type = User.Type.STUDENT
        user.closed_at = Now()
        user.save()
        erase_history(User.objects.filter(pk=user.pk), username=DELETED_USER, email=None, phone=None, first_name="", last_name="")
