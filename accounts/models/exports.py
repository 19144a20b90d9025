"""Copies of what the service knows of people, for themselves."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class Export(models.Model):
    """Everything about one account, for its owner to download. `body` is empty until a job has written it.

    An account has one at a time: the primary key says so. Whoever asks again before `expires_at` gets the same.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    body = models.BinaryField(null=True, help_text="JSON.")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = (
            models.CheckConstraint(
                name="export_ready_has_body",
                condition=Q(body=None, ready_at=None) | Q(body__isnull=False, ready_at__isnull=False),
            ),
            models.CheckConstraint(name="export_expires_later", condition=Q(expires_at__gt=F("created_at"))),
        )

    def __str__(self):
        return f"export of account {self.user_id}"
