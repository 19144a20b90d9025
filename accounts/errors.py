"""What can go wrong with accounts."""

from django.utils.translation import gettext_lazy as _

from config.errors import Conflict, Invalid, Unauthorized


class NoActiveAccount(Unauthorized):
    """Sign-in failed. The same for an unknown name, a wrong password and an account that may not sign in."""

    code = "no_active_account"
    detail = _("No active account found with the given credentials")


class UsernameTaken(Invalid):
    code = "unique"
    field = "username"
    constraint = "user_username_unique"
    detail = _("This username is already taken.")


class EmailTaken(Invalid):
    code = "unique"
    field = "email"
    constraint = "user_email_unique"
    detail = _("This e-mail address is already taken.")


class PhoneTaken(Invalid):
    code = "unique"
    field = "phone"
    constraint = "user_phone_unique"
    detail = _("This phone number is already taken.")


class EmailMalformed(Invalid):
    code = "invalid"
    field = "email"
    constraint = "user_email_form"
    detail = _("This is not an e-mail address.")


class NameMalformed(Invalid):
    code = "invisible"
    field = "name"
    constraint = "user_names_visible"
    detail = _("Control characters and invisible signs are not allowed.")


class UsernameLooksLikeEmail(Invalid):
    code = "username_is_email"
    field = "username"
    constraint = "user_username_is_own_email"
    detail = _("A username with @ must be the account's own e-mail address.")


class UsernameLooksLikePhone(Invalid):
    code = "username_is_phone"
    field = "username"
    constraint = "user_username_is_own_phone"
    detail = _("A username that starts with + must be the account's own phone number.")


class UsernameMalformed(Invalid):
    code = "invalid"
    field = "username"
    constraint = "user_username_form"
    detail = _("A username has no spaces and no unusual forms of letters.")


class UsernameNeeded(Invalid):
    """The account would go by its e-mail address, which is longer than a username may be."""

    code = "required"
    field = "username"
    detail = _("An e-mail address of more than 150 characters needs a username beside it.")


class EmailOrPhoneNeeded(Invalid):
    code = "required"
    constraint = "user_has_email_or_phone"
    detail = _("An e-mail address or a phone number is needed.")


class LastAdmin(Conflict):
    """Nobody would be left to administer the service."""

    code = "last_admin"
    constraint = "user_last_admin"
    detail = _("The last administrator must stay.")


class WrongPassword(Invalid):
    code = "invalid_password"
    field = "current_password"
    detail = _("This is not the current password.")


class CurrentPasswordNeeded(Invalid):
    """None was given. Only what a change comes to tells whether it needs one, so no serializer can."""

    code = "required"
    field = "current_password"
    detail = _("This field is required.")


class PasswordRefused(Invalid):
    """A password that the validators refuse; the message is theirs."""

    code = "password_refused"
    field = "password"


class InvalidCode(Invalid):
    """A code that is wrong, spent, too old, or guessed at too often."""

    code = "invalid_code"
    field = "code"
    detail = _("This code is not valid, or no longer.")


class InvalidResetToken(Invalid):
    """The same for an unknown account, a wrong token and one that is spent or too old."""

    code = "invalid_token"
    field = "token"
    detail = _("This token is not valid, or no longer.")


class NothingToVerify(Invalid):
    code = "no_address"
    field = "channel"
    detail = _("The account has no such address.")
