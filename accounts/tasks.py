"""What the worker does for accounts."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from notifications.services import send
from procrastinate.contrib.django import app

from accounts.models import Code, Session, User
from config.tasks import Backoff

# However many addresses ask, one account gets no more resets than this in an hour.
RESETS_AN_HOUR = 10


@app.task(retry=Backoff(8))
def send_reset(user_id, by_phone):
    """Opens a reset for an account and queues its mail, or SMS where the account has no e-mail or asked by phone.

    `user_id` is None where nobody goes by the name that was asked for.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
        if user is None:
            return
        recent = user.codes.filter(purpose=Code.Purpose.RESET, created_at__gt=Now() - timedelta(hours=1))
        if recent.count() >= RESETS_AN_HOUR:
            return
        channel, address = ("sms", user.phone) if by_phone or not user.email else ("email", user.email)
        code = Code.objects.create(
            user=user, purpose=Code.Purpose.RESET, address=address, expires_at=Now() + settings.CODE_LIFETIME
        )
        send(
            channel=channel,
            to=address,
            kind="accounts.reset",
            context={"code": code.pk},
            key=f"code:{code.pk}",
            user=user,
            language=user.language,
        )


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="forget_old_sessions")
def forget_old_sessions(timestamp):
    """Deletes sessions, with their tokens, and codes that have been over for a refresh token's lifetime."""
    Session.objects.filter(expires_at__lt=Now() - settings.REFRESH_TOKEN_LIFETIME).delete()
    Session.objects.filter(ended_at__lt=Now() - settings.REFRESH_TOKEN_LIFETIME).delete()
    Code.objects.filter(created_at__lt=Now() - settings.REFRESH_TOKEN_LIFETIME).delete()
