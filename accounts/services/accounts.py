"""Opening, changing and closing an account."""

from contextlib import contextmanager
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import (
    CurrentPasswordNeeded,
    EmailOrPhoneNeeded,
    EmailTaken,
    PhoneTaken,
    UsernameNeeded,
    UsernameTaken,
    WrongPassword,
)
from accounts.identifiers import canonical, default_username
from accounts.models import DELETED_USER, Export, Session, User, default_language
from accounts.services.codes import CHANNELS, EMAIL, PHONE, VERIFICATIONS, open_code
from accounts.services.secrets import check_current_password, check_new_password, check_still_current, set_password
from accounts.signals import account_closed
from config.erasing import forget_names
from config.errors import Missing, NotAllowed, named_constraints
from config.history import erase_history
from config.models import IdempotencyKey
from config.writes import only
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
        username=username or "",
        first_name=first_name,
        last_name=last_name,
        language=language or default_language(),
    )
    return _open(user, password)


def create_account(*, by, password, username=None, user_type=User.Type.STUDENT, is_staff=False, is_active=True, **fields):
    """Opens an account of any type, as an administrator may. Raises what register_user raises, and NotAllowed."""
    if not by.is_admin:
        raise NotAllowed
    user = User(**fields, username=username or "", is_active=is_active)
    _set_type(user, user_type, is_staff=is_staff)
    return _open(user, password)


def _open(user, password):
    if not (user.email or user.phone):
        raise EmailOrPhoneNeeded
    given = {"username": user.username, "email": user.email, "phone": user.phone}
    user.clean()
    _go_by(user, user.username)
    check_new_password(password, user)
    user.set_password(password)
    with _naming_what_was_given(given), transaction.atomic():
        user.save(force_insert=True)
        if settings.REQUIRE_VERIFIED:  # or nobody could sign in to ask for it
            channel = EMAIL if user.email else PHONE
            open_code(user_id=user.pk, purpose=VERIFICATIONS[channel], channel=channel)
    return user


def _go_by(user, username):
    # Who enters once more what the account goes by anyway has not chosen another name; it goes on following the e-mail.
    default = default_username(user.email, user.phone)
    user.username_chosen = bool(username) and canonical(username) != canonical(default)
    user.username = username if user.username_chosen else default
    if len(user.username) > _USERNAME_LENGTH:  # a given one was measured at the door
        raise UsernameNeeded


@contextmanager
def _naming_what_was_given(given, *, user_id=None):
    """As named_constraints; but a username that nobody gave follows the e-mail or phone, and it is that which is taken.

    PostgreSQL names the first of those that are taken, and is the judge. The error tells of the others that were given, too:
    whose they are a moment later, if not `user_id`'s own.
    """
    try:
        with named_constraints():
            yield
    except (UsernameTaken, EmailTaken, PhoneTaken) as error:
        found = error
        if isinstance(error, UsernameTaken) and not given.get("username"):
            found = EmailTaken() if given.get("email") else PhoneTaken()
        for taken in (UsernameTaken, EmailTaken, PhoneTaken):
            name = taken.field not in found.errors and given.get(taken.field)
            if name and User.objects.named(name).exclude(pk=user_id).exists():
                found.errors |= taken().errors
        raise found from error.__cause__


def change_account(*, by, user, current_password=None, password=None, **changes):
    """Changes an account's own fields, and its privileges where the actor is an administrator. Returns the user.

    Changing e-mail, phone or password of one's own account needs the current password. The old address is told, and of a
    new password the person; that ends every session as well, as change_password does. Raises CurrentPasswordNeeded,
    WrongPassword, PasswordRefused, Missing and the Invalid errors of names; TypeError for what is no changeable field.
    """
    only(_OWN | _PRIVILEGES, changes)
    if not by.is_admin:
        if by.pk != user.pk:
            raise Missing
        changes = {name: value for name, value in changes.items() if name in _OWN}
    is_own = by.pk == user.pk
    proved = is_own and (password is not None or any(changes.get(name, was) != was for name, was in _addresses(user).items()))
    if proved:
        check_current_password(user, current_password)
    with _naming_what_was_given(changes, user_id=user.pk), transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.closed_at:
            raise Missing
        if proved:
            check_still_current(locked, user, current_password)
        if changes.get("username") == locked.username:  # sent back as it is, by whoever PUTs what they got
            del changes["username"]
        left = _apply(locked, changes)
        if left and is_own and not proved:  # the address was the present one when the password was asked for
            raise WrongPassword if current_password else CurrentPasswordNeeded
        locked.save()
        for name, address in left.items():
            if address:
                _tell_old_address(locked, name, address)
        if password is not None:
            check_new_password(password, locked)
            set_password(locked, password)
    return locked


def _addresses(user):
    return {name: getattr(user, name) for name in CHANNELS}


def _apply(user, changes):
    """Makes the changes. Returns of e-mail and phone those that the account had, where it has another now."""
    addresses = _addresses(user)
    for name in changes.keys() & _OWN:
        setattr(user, name, changes[name])
    user.clean()
    left = {name: address for name, address in addresses.items() if getattr(user, name) != address}
    for name in left:
        setattr(user, f"{name}_verified_at", None)
    if "username" in changes or not user.username_chosen:
        _go_by(user, user.username if "username" in changes else None)
    user.is_active = changes.get("is_active", user.is_active)
    if "user_type" in changes or "is_staff" in changes:
        kind = changes.get("user_type", user.user_type)
        # Who stops being an administrator keeps no staff rights, unless they are given in the same breath.
        _set_type(user, kind, is_staff=changes.get("is_staff", user.is_staff and kind == user.user_type))
    return left


def _set_type(user, user_type, *, is_staff):
    user.user_type = user_type
    user.is_superuser = user_type == User.Type.ADMIN
    user.is_staff = is_staff or user.is_superuser


def change_username(*, by, username, current_password):
    """Gives the actor's account another username. Raises CurrentPasswordNeeded, WrongPassword and UsernameTaken."""
    check_current_password(by, current_password)
    return change_account(by=by, user=by, username=username)


def _tell_old_address(user, name, address):
    send(
        channel=CHANNELS[name],
        to=address,
        kind="accounts.address_changed",
        context={},
        key=f"address_changed:{uuid4().hex}",
        user=user,
    )


def close_account(*, by, user, current_password=None):
    """Closes an account and erases its personal data; tickets, meetings and orders stay, owned by "deleted user".

    One's own account needs the current password. Raises LastAdmin, CurrentPasswordNeeded, WrongPassword, Missing.
    """
    if by.pk != user.pk and not by.is_admin:
        raise Missing
    if by.pk == user.pk:
        check_current_password(user, current_password)
    with named_constraints(), transaction.atomic():
        locked = User.objects.select_for_update().filter(closed_at=None, pk=user.pk).first()
        if locked is None:
            raise Missing
        if by.pk == user.pk:
            check_still_current(locked, user, current_password)
        user = locked
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
