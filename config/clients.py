"""Where a request comes from."""

from ipaddress import ip_address

from django.conf import settings


def address_of(request):
    """The client's IP address as text, or "" where there is none (a Unix socket).

    X-Forwarded-For counts only as far as each hop was a proxy named in TRUSTED_PROXIES: anybody can send the header.
    """
    address = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    while hops and is_trusted(address):
        address = hops.pop()
    return address if _parsed(address) else ""


def is_trusted(address):
    """Whether that peer is a proxy of ours (TRUSTED_PROXIES), whose X-Forwarded-… headers are believed."""
    parsed = _parsed(address)
    # A Unix socket has no address; whoever reaches it stands on this machine, in front of the application.
    if parsed is None:
        return not address and bool(settings.TRUSTED_PROXIES)
    return any(parsed in network for network in settings.TRUSTED_PROXIES)


def _parsed(address):
    try:
        return ip_address(address)
    except ValueError:
        return None
