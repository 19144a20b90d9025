"""May this person sign in? Asked here for every door: the API, the web store's cookies and Django admin."""

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection, transaction

from accounts.hashers import verify
from accounts.identifiers import canonical
from accounts.models import User
from config.actors import act_as
from config.clients import place_of
from config.limits import count_try, take_back


class IdentifierBackend(ModelBackend):
    """Signs in by username, e-mail or phone, in any case, and a password.

    Bad tries are counted for the account, whichever of its names was used, and the address they come from: nobody can
    lock somebody else out from afar. TooMany is raised after LIMIT_SIGN_IN of them.
    """

    def authenticate(self, request, username=None, password=None, **kwargs):
        if not username or password is None:
            return None
        user = User.objects.named(username).first()
        # An unknown name is counted like an account, in whatever spelling, so that being stopped tells nothing either.
        tried = count_try("sign_in", user.pk if user else canonical(username), place_of(request) if request else "")
        # Without an account a hash is computed all the same: it is what takes the time.
        correct, outdated = verify(password, user.password if user else UNUSABLE_PASSWORD_PREFIX)
        if not correct or not self.user_can_authenticate(user):
            return None
        take_back(tried)
        if outdated and not _renew_hash(user, password):
            return None
        return user

    def get_user(self, user_id):
        """Whose session it is that a page of the admin is asked for with; what it does is that person's doing."""
        user = super().get_user(user_id)
        if user:
            act_as(user.pk)
        return user

    def user_can_authenticate(self, user):
        """Active, and verified where the service demands that."""
        if not user.is_active:
            return False
        return not settings.REQUIRE_VERIFIED or bool(user.email_verified_at or user.phone_verified_at or user.is_staff)


def _renew_hash(user, password):
    """Stores the same password under today's parameters; that is no change of password, and sessions stay.

    False where it was changed since it was read. The hash may be another for another sign-in's sake, and then it fits.
    """
    outdated = user.password
    user.set_password(password)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('frontdesk.rehash', 'on', true)")
        if User.objects.filter(pk=user.pk, password=outdated).update(password=user.password):
            return True
    user.refresh_from_db(fields=["password"])
    return user.check_password(password)
