"""Accounts. Their rules stand in the database, so that whoever writes obeys them."""

import pgtrigger
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower, Now, Upper
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts.hashers import STORED, verify
from accounts.identifiers import normalize_email, normalize_phone, normalize_username
from accounts.models.managers import SEARCHED, UserManager
from accounts.validators import visible
from config.history import keep_history
from config.signs import INVISIBLE, VISIBLE
from config.triggers import Trigger

DELETED_USER = gettext_noop("deleted user")


def default_language():
    """The service's own language, until somebody chooses another."""
    return settings.LANGUAGE_CODE


def no_password():
    """What no password fits: an account has none until one is set."""
    return make_password(None)


# Groups of the role that the columns give (config.roles): the one place for it, whoever sets them. A tutor who is no
# administrator is support that was moved to the group Tutors; a change of the columns starts from the beginning.
_GIVE_ROLE = """
    role := CASE
        WHEN NEW.is_superuser THEN ARRAY['Tutors', 'Administrators'] WHEN NEW.is_staff THEN ARRAY['Support'] ELSE '{}' END;
    DELETE FROM accounts_user_groups m USING auth_group g WHERE m.user_id = NEW.id AND g.id = m.group_id
        AND g.name IN ('Support', 'Tutors', 'Administrators') AND g.name <> ALL (role);
    INSERT INTO accounts_user_groups (user_id, group_id) SELECT NEW.id, id FROM auth_group WHERE name = ANY (role)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
"""


class _Normalized(Func):
    template = "%(expressions)s IS NFKC NORMALIZED"
    output_field = models.BooleanField()


@keep_history(
    "username", "email", "phone", "first_name", "last_name", "user_type", "is_staff", "is_active", "language",
    "email_verified_at", "phone_verified_at", "closed_at",
)  # fmt: skip
class User(AbstractBaseUser, PermissionsMixin):
    """One person's account, named by username, e-mail or phone.

    `student` and `vip` are customers; `admin` is a tutor and administrator. `is_staff` alone is support.
    """

    class Type(models.TextChoices):
        STUDENT = "student", _("student")
        VIP = "vip", _("VIP")
        ADMIN = "admin", _("administrator")

    password = models.CharField(_("password"), max_length=128, default=no_password)
    username = models.CharField(_("username"), max_length=150, validators=[UnicodeUsernameValidator()])
    username_chosen = models.BooleanField(
        default=False, help_text=_("Otherwise the username follows the e-mail, else the phone.")
    )
    email = models.EmailField(_("e-mail"), null=True, blank=True)  # noqa: DJ001 (unique where given)
    phone = models.CharField(  # noqa: DJ001 (unique where given)
        _("phone"), max_length=20, null=True, blank=True, help_text=_("In E.164 form, such as +48123666789.")
    )
    first_name = models.CharField(_("first name"), max_length=150, blank=True, default="", validators=[visible])
    last_name = models.CharField(_("last name"), max_length=150, blank=True, default="", validators=[visible])
    user_type = models.CharField(_("type"), max_length=20, choices=Type, default=Type.STUDENT)
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("Support: answers tickets and may use this admin."))
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Without it, nobody can sign in to the account."))
    language = models.CharField(
        _("language"),
        max_length=5,
        default=default_language,
        choices=settings.LANGUAGES,
        help_text=_("Of mails and notifications."),
    )
    email_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    phone_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("When its personal data were erased."))
    sign_outs = models.PositiveIntegerField(
        db_default=0,
        editable=False,
        help_text="How often it was signed out everywhere: the admin's cookies from before are void.",
    )

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ("email",)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("-id",)
        indexes = (
            # What UserQuerySet.search looks through.
            GinIndex(
                *(OpClass(Upper(column), name="gin_trgm_ops") for column in SEARCHED),
                name="account_words",
                fastupdate=False,  # names change rarely; a list of pending ones would make every search slow
            ),
            # The few among the many.
            models.Index(fields=["-id"], condition=Q(is_staff=True), name="account_of_staff"),
            models.Index(fields=["-id"], condition=Q(user_type="admin"), name="account_of_admin"),
        )
        constraints = (
            models.UniqueConstraint(Lower("username"), name="user_username_unique", condition=Q(closed_at=None)),
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.UniqueConstraint(fields=["phone"], name="user_phone_unique"),
            models.CheckConstraint(
                name="user_has_email_or_phone",
                condition=Q(email__isnull=False) | Q(phone__isnull=False) | Q(closed_at__isnull=False),
            ),
            # A password as it was typed cannot get in here, by whatever way.
            models.CheckConstraint(name="user_password_is_hashed", condition=Q(password__regex=STORED)),
            models.CheckConstraint(
                name="user_email_form", condition=Q(email=None) | Q(email__regex=r"^[!-?A-~]{1,64}@[a-z0-9.-]+$")
            ),
            models.CheckConstraint(name="user_phone_form", condition=Q(phone=None) | Q(phone__regex=r"^\+[1-9][0-9]{4,14}$")),
            # A username with "@" is the account's own e-mail and one with "+" in front its own phone. No other name can
            # look like either, so none can shadow somebody else's. Full-width signs are no way round: names are NFKC.
            models.CheckConstraint(
                name="user_username_form",
                condition=Q(closed_at__isnull=False) | (Q(username__regex=rf"^{VISIBLE}+$") & Q(_Normalized(F("username")))),
            ),
            models.CheckConstraint(
                name="user_names_visible", condition=~Q(first_name__regex=INVISIBLE) & ~Q(last_name__regex=INVISIBLE)
            ),
            models.CheckConstraint(
                name="user_username_is_own_email",
                condition=~Q(username__contains="@")
                | (Q(email__isnull=False) & Q(models.lookups.Exact(Lower("username"), Lower("email")))),
            ),
            models.CheckConstraint(
                name="user_username_is_own_phone",
                condition=~Q(username__startswith="+") | Q(phone__isnull=False, phone=F("username")),
            ),
            models.CheckConstraint(
                name="user_admin_is_superuser",
                condition=Q(user_type="admin", is_staff=True, is_superuser=True)
                | (~Q(user_type="admin") & Q(is_superuser=False)),
            ),
            models.CheckConstraint(
                name="user_closed_is_erased",
                condition=Q(closed_at=None)
                | Q(username=DELETED_USER, email=None, phone=None, first_name="", last_name="", is_active=False, is_staff=False),
            ),
        )
        triggers = (
            Trigger(
                name="end_sessions",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("password", "is_active"),
                # Signing in may renew an old hash of the same password (accounts.backends); that is no change.
                condition=pgtrigger.Condition(
                    "((OLD.password IS DISTINCT FROM NEW.password"
                    " AND coalesce(current_setting('frontdesk.rehash', true), '') <> 'on')"
                    " OR (OLD.is_active AND NOT NEW.is_active))"
                ),
                # A cookie of the admin fits no other password anyway, and changing one's own there keeps one signed in.
                func="""
                    UPDATE accounts_session SET ended_at = now() WHERE user_id = NEW.id AND ended_at IS NULL;
                    IF NOT NEW.is_active THEN NEW.sign_outs := OLD.sign_outs + 1; END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="give_first_role",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__is_staff=True),
                declare=[("role", "text[]")],
                func=_GIVE_ROLE,
            ),
            Trigger(
                name="give_role",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("is_staff", "is_superuser"),
                condition=pgtrigger.AnyChange("is_staff", "is_superuser"),
                declare=[("role", "text[]")],
                func=_GIVE_ROLE,
            ),
            Trigger(
                name="keep_an_admin",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("user_type", "is_active") | pgtrigger.Delete,
                declare=[("needed", "boolean")],
                # The lock makes two administrators who leave at once queue: the second finds nobody left behind.
                func="""
                    needed := OLD.user_type = 'admin' AND OLD.is_active;
                    IF TG_OP = 'UPDATE' THEN
                        needed := needed AND NOT (NEW.user_type = 'admin' AND NEW.is_active);
                    END IF;
                    IF needed THEN
                        PERFORM pg_advisory_xact_lock(hashtext('accounts_user.keep_an_admin'));
                        IF NOT EXISTS (SELECT FROM accounts_user WHERE user_type = 'admin' AND is_active AND id <> OLD.id) THEN
                            RAISE EXCEPTION 'the last administrator must stay'
                                USING ERRCODE = 'check_violation', CONSTRAINT = 'user_last_admin';
                        END IF;
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self):
        return gettext(DELETED_USER) if self.username == DELETED_USER else self.username

    def clean(self):
        """Normalizes; Django's own would turn an absent e-mail into an empty one."""
        self.email = normalize_email(self.email) if self.email else None
        self.phone = (normalize_phone(self.phone) or self.phone) if self.phone else None
        self.username = normalize_username(self.username)

    def check_password(self, raw_password):
        """Whether this is the password. Renewing an outdated hash is for the sign-in, which keeps the sessions meanwhile."""
        return verify(raw_password, self.password)[0]

    def get_session_auth_hash(self):
        """What a cookie of the admin must fit: of this password, and since everything was last signed out."""
        return f"{self.sign_outs}.{super().get_session_auth_hash()}"

    def get_session_auth_fallback_hash(self):
        """The same by each former secret key."""
        return (f"{self.sign_outs}.{fallback}" for fallback in super().get_session_auth_fallback_hash())

    @property
    def name(self):
        """ "First Last"."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_admin(self):
        """A tutor and administrator."""
        return self.user_type == self.Type.ADMIN

    def get_full_name(self):
        return self.name or str(self)

    def former_names(self):
        """All that get_full_name has ever given, the present included, by what the database has of the account."""
        columns = ("first_name", "last_name", "username")
        states = User.objects.filter(pk=self.pk).values_list(*columns).union(self.history.order_by().values_list(*columns))
        return {User(**dict(zip(columns, state, strict=True))).get_full_name() for state in states}

    def get_short_name(self):
        return self.first_name or self.username
