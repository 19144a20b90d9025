"""What is sent to people to prove that they read an address."""

import secrets

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


def _nonce():
    return secrets.token_hex(16)


class Code(models.Model):
    """Something sent to prove that a person reads an address: six digits, or the token in a link.

    Neither is stored. Both follow from `nonce` and the server's key (accounts.codes), so the job that sends them can
    run twice and send the same. `purpose` is part of that: a code for one purpose is worth nothing for another.
    """

    class Purpose(models.TextChoices):
        VERIFY_EMAIL = "verify_email"
        VERIFY_PHONE = "verify_phone"
        RESET = "reset"

    user = models.ForeignKey(User, models.CASCADE, related_name="codes")
    purpose = models.CharField(max_length=20, choices=Purpose)
    address = models.CharField(max_length=254, help_text=_("The e-mail or phone that it was sent to."))
    nonce = models.CharField(max_length=32, default=_nonce)
    guesses = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["user", "purpose", "-id"], name="code_newest"),)

    def __str__(self):
        return f"{self.purpose} of {self.user_id}"
