"""Calendar feeds."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class CalendarFeed(models.Model):
    """Somebody's secret address for calendar programs, known by a digest only."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    digest = models.BinaryField(help_text="SHA-256 of the token in the address.")
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = (models.UniqueConstraint(fields=["digest"], name="calendar_feed_unique"),)

    def __str__(self):
        return str(self.user)
