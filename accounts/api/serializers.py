"""The shapes of accounts in JSON."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.fields import EmailField, NameField, PasswordField, PhoneField, TicketLinksField, UsernameField
from accounts.models import Session, User
from accounts.validators import visible
from config.fields import InstantField
from config.openapi import examples

_ACCESS, _REFRESH = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…access", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…refresh"
_USER = {
    "id": 19,
    "username": "example_user",
    "email": "email@example.com",
    "phone": "+48123666789",
    "name": "Tom Hanks",
    "first_name": "Tom",
    "last_name": "Hanks",
    "user_type": "student",
    "is_active": True,
    "is_staff": False,
    "is_superuser": False,
    "tickets": ["http://127.0.0.1:8000/api/ticket/66"],
    "created_at": "2026-11-21T14:12:07.488396Z",
    "language": "en",
}


@examples({"name": "Tom Hanks"}, {"email": "new@example.com", "current_password": "maslotoniehaslo"}, answer=_USER)
class UserSerializer(serializers.ModelSerializer):
    """An account as its owner, support and administrators see it. What it takes is the owner's to change."""

    name = NameField(required=False, allow_blank=True, help_text=_("First and last name in one."))
    username = UsernameField(required=False)
    email = EmailField(required=False, allow_null=True)
    phone = PhoneField(required=False, allow_null=True)
    tickets = TicketLinksField(help_text=_("URLs of the newest 100 own tickets."))
    created_at = InstantField(read_only=True)
    current_password = PasswordField(required=False, help_text=_("Needed to change e-mail, phone or password of one's own."))

    class Meta:
        model = User
        fields = (
            "id", "username", "email", "phone", "name", "first_name", "last_name", "user_type",
            "is_active", "is_staff", "is_superuser", "tickets", "created_at", "language", "current_password",
        )  # fmt: skip
        read_only_fields = ("id", "user_type", "is_active", "is_staff", "is_superuser")
        extra_kwargs = {"language": {"help_text": _("Of mails and notifications.")}}

    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


@examples(
    {"email": "arus@arus.com", "password": "maslotoniehaslo", "name": "Tom Hanks", "phone": "+48123666789"},
    {"phone": "+71234567890", "password": "strong_password"},
    {"email": "email@example.com", "username": "example_user", "password": "example.password"},
)
class RegistrationSerializer(serializers.Serializer):
    """What opens an account: a password, and an e-mail or a phone or both."""

    email = EmailField(required=False, allow_null=True)
    phone = PhoneField(required=False, allow_null=True)
    username = UsernameField(required=False, allow_null=True, help_text=_("By default the e-mail, else the phone."))
    password = PasswordField()
    name = NameField(required=False, allow_blank=True)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True, validators=[visible])
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True, validators=[visible])


@examples({"email": "tutor@example.com", "username": "tutor", "password": "a long password", "user_type": "admin"})
class AdminUserSerializer(UserSerializer):
    """An account as an administrator may open and change it. What concerns rights is an administrator's to change."""

    password = PasswordField(
        required=False,
        help_text=_("Sets another one: every session of the account ends. One's own needs current_password."),
    )

    class Meta(UserSerializer.Meta):
        fields = (*UserSerializer.Meta.fields, "password")
        read_only_fields = ("id", "is_superuser")


@examples({"email": "tutor@example.com", "username": "tutor", "password": "a long password", "user_type": "admin"})
class NewAccountSerializer(AdminUserSerializer):
    """An account as an administrator opens it: with a password."""

    password = PasswordField()
    current_password = None

    class Meta(AdminUserSerializer.Meta):
        fields = tuple(name for name in AdminUserSerializer.Meta.fields if name != "current_password")


@examples(
    {"email": "arus@arus.com", "password": "maslotoniehaslo"},
    {"username": "+71234567890", "password": "strong_password"},
)
class SignInSerializer(serializers.Serializer):
    """A password and one name: `username` may hold any of the three."""

    username = serializers.CharField(max_length=254, required=False, help_text=_("Username, e-mail or phone."))
    email = serializers.CharField(max_length=254, required=False)
    phone = serializers.CharField(max_length=40, required=False)
    password = PasswordField()

    def validate(self, values):
        named = [values[name] for name in ("username", "email", "phone") if values.get(name)]
        if not named:
            raise serializers.ValidationError(_("Give a username, an e-mail or a phone."), code="required")
        return {"identifier": named[0], "password": values["password"]}


@examples(answer={"refresh": _REFRESH, "access": _ACCESS})
class TokenPairSerializer(serializers.Serializer):
    """`access` is good for 10 minutes, `refresh` for the next pair, within 7 days."""

    refresh = serializers.CharField()
    access = serializers.CharField()


@examples({"refresh": _REFRESH})
class RefreshSerializer(serializers.Serializer):
    refresh = serializers.CharField(max_length=4096)


@examples({"token": _ACCESS})
class TokenSerializer(serializers.Serializer):
    token = serializers.CharField(max_length=4096)


@examples({"current_password": "maslotoniehaslo"})
class CurrentPasswordSerializer(serializers.Serializer):
    current_password = PasswordField()


class ClosingSerializer(CurrentPasswordSerializer):
    """Administrators need no password to close another's account; the service asks the others for theirs."""

    current_password = PasswordField(required=False)


@examples({"current_password": "maslotoniehaslo", "new_password": "another long one"})
class SetPasswordSerializer(CurrentPasswordSerializer):
    new_password = PasswordField()


@examples({"current_password": "maslotoniehaslo", "new_username": "tom"})
class SetUsernameSerializer(CurrentPasswordSerializer):
    new_username = UsernameField()


@examples({"email": "arus@arus.com"}, {"phone": "+71234567890"})
class PasswordResetSerializer(serializers.Serializer):
    """One name of the account that forgot its password."""

    email = serializers.CharField(max_length=254, required=False)
    phone = serializers.CharField(max_length=40, required=False)
    username = serializers.CharField(max_length=254, required=False)

    def validate(self, values):
        if len(values) != 1:
            raise serializers.ValidationError(_("Give one of email, phone and username."), code="required")
        (identifier,) = values.values()
        return {"identifier": identifier}


@examples(
    {"uid": "MTk", "token": "7-c0ffee…", "new_password": "another long one"},
    {"phone": "+71234567890", "code": "123456", "new_password": "another long one"},
)
class PasswordResetConfirmSerializer(serializers.Serializer):
    """`uid` and `token` from the mail's link, or the account's name and the `code` sent there."""

    uid = serializers.CharField(max_length=64, required=False)
    token = serializers.CharField(max_length=128, required=False)
    email = serializers.CharField(max_length=254, required=False)
    phone = serializers.CharField(max_length=40, required=False)
    username = serializers.CharField(max_length=254, required=False)
    code = serializers.CharField(max_length=16, required=False)
    new_password = PasswordField()

    def validate(self, values):
        identifier = values.get("email") or values.get("phone") or values.get("username")
        by_link = bool(values.get("uid") and values.get("token"))
        if by_link == bool(identifier and values.get("code")):
            raise serializers.ValidationError(_("Give uid and token, or a name and the code."), code="required")
        values["identifier"] = None if by_link else identifier
        return values


@examples({"channel": "email"})
class ChannelSerializer(serializers.Serializer):
    """Which address to verify. `username` (any of the account's names) is for those who are not signed in."""

    channel = serializers.ChoiceField(choices=["email", "phone"])
    username = serializers.CharField(max_length=254, required=False)


@examples({"channel": "email", "code": "123456"})
class VerificationSerializer(ChannelSerializer):
    code = serializers.CharField(max_length=16)


@examples(
    answer={
        "id": 3,
        "device": "Mozilla/5.0 (Android 16; Mobile)",
        "address": "192.0.2.7",
        "created_at": "2026-11-21T14:12:07.488396Z",
        "last_used_at": "2026-11-21T15:00:01.000000Z",
        "expires_at": "2026-11-28T15:00:01.000000Z",
    }
)
class SessionSerializer(serializers.ModelSerializer):
    """A sign-in on one device."""

    created_at = InstantField()
    last_used_at = InstantField()
    expires_at = InstantField()

    class Meta:
        model = Session
        fields = ("id", "device", "address", "created_at", "last_used_at", "expires_at")
        read_only_fields = fields


@examples({"username": "shopper", "password": "a long password", "email": "shopper@example.com"})
class WebStoreSignUpSerializer(serializers.Serializer):
    """Registration as the web store does it."""

    username = UsernameField()
    password = PasswordField()
    email = EmailField()


@examples({"username": "shopper", "password": "a long password"})
class WebStoreSignInSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=254)
    password = PasswordField()


class WebStoreUserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "username", "email")


@examples(answer={"access_token": _ACCESS, "user": {"id": 19, "username": "shopper", "email": "shopper@example.com"}})
class WebStoreSessionSerializer(serializers.Serializer):
    """The refresh token is not here: it travels in a cookie that scripts cannot read."""

    access_token = serializers.CharField()
    user = WebStoreUserSerializer()


class NothingSerializer(serializers.Serializer):
    """An empty object."""


@examples(answer={"massage": "success"})
class WebStoreSuccessSerializer(serializers.Serializer):
    massage = serializers.CharField(default="success")


@examples(answer={"access_token": _ACCESS})
class WebStoreTokenSerializer(serializers.Serializer):
    access_token = serializers.CharField()


@examples(answer={"error": "username is used"}, status=400)
class WebStoreErrorSerializer(serializers.Serializer):
    error = serializers.CharField()
