"""Where a request comes from."""

import functools
from ipaddress import ip_address

from django.conf import settings


def address_of(request):
    """The client's IP address as text, or "" where there is none (a Unix socket).

    X-Forwarded-For counts only as far as each hop was a proxy named in TRUSTED_PROXIES: anybody can send the header.
    """
    told = request.META
    return _address(told.get("REMOTE_ADDR", ""), told.get("HTTP_X_FORWARDED_FOR", ""), tuple(settings.TRUSTED_PROXIES))


@functools.lru_cache(1024)
def _address(address, forwarded, proxies):
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    while hops and _is_one_of(proxies, address):
        address = hops.pop()
    return address if _parsed(address) else ""


def is_trusted(address):
    """Whether that peer is a proxy of ours (TRUSTED_PROXIES), whose X-Forwarded-… headers are believed."""
    return _is_one_of(settings.TRUSTED_PROXIES, address)


def _is_one_of(proxies, address):
    parsed = _parsed(address)
    # A Unix socket has no address; whoever reaches it stands on this machine, in front of the application.
    if parsed is None:
        return not address and bool(proxies)
    return any(parsed in network for network in proxies)


def _parsed(address):
    try:
        return ip_address(address)
    except ValueError:
        return None
