"""Opening a code and queueing the message that carries it; and guesses at its six digits."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import codes
from accounts.models import Code, User
from config.limits import count_try, take_back
from notifications.models import Channel
from notifications.services import send

EMAIL, PHONE = "email", "phone"
# By which of an account's addresses what is sent.
CHANNELS = {EMAIL: Channel.EMAIL, PHONE: Channel.SMS}
VERIFICATIONS = {EMAIL: Code.Purpose.VERIFY_EMAIL, PHONE: Code.Purpose.VERIFY_PHONE}
# However many addresses ask, one account is sent no more codes of a purpose than this in an hour.
CODES_AN_HOUR = 10


def open_code(*, user_id, purpose, channel):
    """Opens a code for an account and queues its message to the account's e-mail or phone.

    Does nothing where there is no such active account, no such address, or there were too many already: whoever asked
    may not be its owner, and learns nothing.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).filter(pk=user_id, is_active=True).first()
        address = getattr(user, channel) if user else None
        if not address:
            return
        if user.codes.filter(purpose=purpose, created_at__gt=Now() - timedelta(hours=1)).count() >= CODES_AN_HOUR:
            return
        code = Code.objects.create(user=user, purpose=purpose, address=address, expires_at=Now() + settings.CODE_LIFETIME)
        send(
            channel=CHANNELS[channel],
            to=address,
            kind="accounts.reset" if purpose == Code.Purpose.RESET else "accounts.code",
            context={"code": code.pk},
            key=f"code:{code.pk}",
            user=user,
        )


def guess(*, user_id, purpose, digits, address, name=None):
    """The account's newest code of a purpose, for the right digits; None for wrong, old, spent or over-guessed ones.

    A guess is counted before it is looked at, and committed, for the code, for `name` (None: somebody signed in) together
    with the address it comes from, and for the address; a right one is not. Raises TooMany. ADR 4 has the sums.
    """
    tried = [count_try("guess", address)]
    if name is not None:
        tried.append(count_try("code", purpose, name, address))
    newest = Code.objects.filter(user_id=user_id, purpose=purpose).order_by("-id").values_list("pk", flat=True).first()
    usable = Code.objects.filter(pk=newest, used_at=None, expires_at__gt=Now(), guesses__lt=settings.CODE_GUESSES)
    if not usable.update(guesses=F("guesses") + 1):
        return None
    code = Code.objects.select_related("user").filter(pk=newest).first()
    if code is None or not codes.matches(code, digits=digits):  # who closes the account takes its codes along
        return None
    for key in tried:
        take_back(key)
    Code.objects.filter(pk=newest).update(guesses=F("guesses") - 1)
    return code
