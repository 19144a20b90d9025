"""What the worker does for accounts."""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from accounts.models import Code, Export, RefreshToken, Session, User
from accounts.services.codes import EMAIL, PHONE, VERIFICATIONS, open_code
from config.exports import document_about
from config.tasks import Backoff
from config.writes import delete_in_parts
from notifications.services import in_language_of, notify


@app.task(name="accounts.send_reset", retry=Backoff(8))
def send_reset(user_id, by_phone):
    """Sends a reset to an account: by mail, or by SMS where it has no e-mail or was asked for by phone.

    `user_id` is None where nobody goes by the name that was asked for.
    """
    has_email = User.objects.filter(pk=user_id, email__isnull=False).exists()
    open_code(user_id=user_id, purpose=Code.Purpose.RESET, channel=EMAIL if has_email and not by_phone else PHONE)


@app.task(name="accounts.send_verification", retry=Backoff(8))
def send_verification(user_id, channel):
    """Sends the digits that verify an account's e-mail or phone. `user_id` may be None, as above."""
    open_code(user_id=user_id, purpose=VERIFICATIONS[channel], channel=channel)


@app.task(name="accounts.write_export", retry=Backoff(8))
def write_export(user_id):
    """Writes the export that an account waits for, once, and tells its owner. A closed account gets none."""
    with transaction.atomic():
        # Whoever closes the account waits for this, and takes the export away with the rest.
        user = User.objects.open().select_for_update(no_key=True).filter(pk=user_id).first()
        export = Export.objects.filter(user_id=user_id, body=None, expires_at__gt=Now()).first()
        if user is None or export is None:
            return
        Export.objects.filter(pk=export.pk).update(body=document_about(user), ready_at=Now())
        with in_language_of(user):
            notify(
                user=user,
                type="account",
                title=_("Your data are ready"),
                message=_("The copy of everything that we know of you can be downloaded, for a limited time."),
                key=f"export:{export.created_at.timestamp():.6f}",
                link="/auth/users/me/export/",
            )


@app.periodic(cron="43 * * * *")
@app.task(name="accounts.forget_exports", queueing_lock="accounts.forget_exports")
def forget_exports(timestamp):
    """Deletes the exports whose time is over."""
    Export.objects.filter(expires_at__lte=Now()).delete()


@app.periodic(cron="23 3 * * *")
@app.task(name="accounts.forget_old_sessions", queueing_lock="accounts.forget_old_sessions")
def forget_old_sessions(timestamp):
    """Deletes tokens, sessions and codes that have been over for a refresh token's lifetime.

    Of a session that lives, too: one that is refreshed every ten minutes writes a thousand tokens a week.
    """
    long_ago = Now() - settings.REFRESH_TOKEN_LIFETIME
    for over in (
        RefreshToken.objects.filter(issued_at__lt=long_ago),
        Session.objects.filter(expires_at__lt=long_ago),
        Session.objects.filter(ended_at__lt=long_ago),
        Code.objects.filter(created_at__lt=long_ago),
    ):
        delete_in_parts(over)
