"""From a name and a password to a session: what the JSON and the cookie doors share."""

from django.contrib.auth import authenticate

from accounts.errors import NoActiveAccount
from accounts.services import start_session
from config.clients import address_of


def sign_in(request, *, identifier, password):
    """Returns (user, TokenPair). Raises NoActiveAccount, and TooMany after too many bad tries."""
    user = authenticate(request=request, username=identifier, password=password)
    if user is None:
        raise NoActiveAccount
    return user, start_session(user=user, device=request.headers.get("User-Agent", ""), address=address_of(request))
