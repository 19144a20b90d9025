"""What people get of accounts, and what not (config.exports)."""

from accounts.models import Code, Session, User
from config.exports import Section
from config.history import WITHHELD as HISTORY

SECTIONS = (
    Section(
        "account",
        lambda user: User.objects.filter(pk=user.pk),
        (
            "id", "username", "email", "phone", "first_name", "last_name", "user_type", "is_staff", "is_superuser", "is_active",
            "language", "email_verified_at", "phone_verified_at", "created_at", "last_login",
        ),
        {
            "password": "A hash of a secret.",
            "username_chosen": "Follows from username, e-mail and phone.",
            "closed_at": "Who can ask has an open account.",
            "sign_outs": "A guard of the service's.",
        },
        single=True,
    ),
    Section(
        "sessions",
        lambda user: Session.objects.filter(user_id=user.pk),
        ("id", "device", "address", "created_at", "last_used_at", "expires_at", "ended_at"),
        {"user": "The account."},
    ),
    Section(
        "codes",
        lambda user: Code.objects.filter(user_id=user.pk),
        ("purpose", "address", "created_at", "expires_at", "used_at"),
        {
            "id": "Nothing refers to it.",
            "user": "The account.",
            "nonce": "The code follows from it.",
            "guesses": "A guard of the service's.",
        },
    ),
)  # fmt: skip
WITHHELD = {
    "accounts.RefreshToken": "Digests of secrets; the sessions that they belong to are told.",
    "accounts.Export": "The export itself.",
    "accounts.UserHistory": HISTORY,
}
