"""Where people are signed in."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class SessionQuerySet(models.QuerySet):
    def live_of(self, user):
        """The caller's own sessions that still live."""
        return self.filter(user_id=user.pk, ended_at=None, expires_at__gt=Now())


class Session(models.Model):
    """One sign-in on one device: the family of refresh tokens that descend from it. Ending it ends them all."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    device = models.CharField(max_length=200, blank=True, help_text=_("What the client calls itself (User-Agent)."))
    address = models.GenericIPAddressField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = (
            models.Index(fields=["user", "-id"], condition=Q(ended_at=None), name="session_live"),
            models.Index(fields=["expires_at"], name="session_expiry"),
        )

    def __str__(self):
        return f"{self.device or '?'} {timezone.localdate(self.created_at)}"


class RefreshToken(models.Model):
    """A refresh token, known by a digest only. Spent once; its successor's id follows from its own (accounts.tokens)."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="tokens")
    digest = models.BinaryField(help_text="SHA-256 of the token's id (jti).")
    issued_at = models.DateTimeField(db_default=Now())
    spent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["digest"], name="refresh_token_unique"),)

    def __str__(self):
        return f"token of session {self.session_id}"
