"""Where a request comes from."""

import functools
from ipaddress import ip_address, ip_network

from django.conf import settings


def address_of(request):
    """The client's IP address as text, or "" where there is none (a Unix socket).

    X-Forwarded-For counts only as far as each hop was a proxy named in TRUSTED_PROXIES: anybody can send the header.
    """
    told = request.META
    return _address(told.get("REMOTE_ADDR", ""), told.get("HTTP_X_FORWARDED_FOR", ""), tuple(settings.TRUSTED_PROXIES))


def place_of(request):
    """What tries are counted by: the client's IPv4 address, or the /64 of an IPv6 one, of which any line has 2^64."""
    address = address_of(request)
    parsed = _parsed(address)
    if parsed is None or parsed.version == 4:
        return address
    # On a socket for both kinds, an IPv4 client is ::ffff:192.0.2.1.
    return str(parsed.ipv4_mapped or ip_network((int(parsed), 64), strict=False))


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
