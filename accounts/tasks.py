"""What the worker does for accounts."""

from django.conf import settings
from django.db.models.functions import Now
from procrastinate.contrib.django import app

from accounts.models import Code, Session, User
from accounts.services.codes import EMAIL, PHONE, VERIFICATIONS, open_code
from config.tasks import Backoff


@app.task(retry=Backoff(8))
def send_reset(user_id, by_phone):
    """Sends a reset to an account: by mail, or by SMS where it has no e-mail or was asked for by phone.

    `user_id` is None where nobody goes by the name that was asked for.
    """
    has_email = User.objects.filter(pk=user_id, email__isnull=False).exists()
    open_code(user_id=user_id, purpose=Code.Purpose.RESET, channel=EMAIL if has_email and not by_phone else PHONE)


@app.task(retry=Backoff(8))
def send_verification(user_id, channel):
    """Sends the digits that verify an account's e-mail or phone. `user_id` may be None, as above."""
    open_code(user_id=user_id, purpose=VERIFICATIONS[channel], channel=channel)


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="forget_old_sessions")
def forget_old_sessions(timestamp):
    """Deletes sessions, with their tokens, and codes that have been over for a refresh token's lifetime."""
    Session.objects.filter(expires_at__lt=Now() - settings.REFRESH_TOKEN_LIFETIME).delete()
    Session.objects.filter(ended_at__lt=Now() - settings.REFRESH_TOKEN_LIFETIME).delete()
    Code.objects.filter(created_at__lt=Now() - settings.REFRESH_TOKEN_LIFETIME).delete()
