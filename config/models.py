"""Tables that belong to no app alone: idempotency keys and counted tries."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class IdempotencyKey(models.Model):
    """The first answer to a request that carried an Idempotency-Key; it commits with the request's effect."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    route = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(help_text="Keyed SHA-256 of the path's arguments and the body.")
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "route", "key"], name="idempotency_key_unique"),)

    def __str__(self):
        return f"{self.route} {self.key}"


class Try(models.Model):
    """How often something limited was tried since `started_at` (config.limits writes it)."""

    key = models.CharField(max_length=64, primary_key=True, help_text="Keyed digest of the limit and its subject.")
    hits = models.PositiveIntegerField()
    started_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "tries"

    def __str__(self):
        return f"{self.hits} since {self.started_at}"
