"""Whom a request is for, and what a proxy may say about it: decided once, before anything else looks."""

import functools

from django.core.exceptions import DisallowedHost
from django.utils.translation import gettext as _

from config.clients import is_trusted
from config.problems import problem_response

# The process is there whatever it is called: load balancers and Docker ask by address, and in either spelling.
HEALTH = ("/livez", "/livez/", "/readyz", "/readyz/")
FORWARDED = frozenset({"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"})
# So many names are remembered at most: `ALLOWED_HOSTS=.example.com` allows any number.
REMEMBERED = 1000


class EdgeMiddleware:
    """Takes X-Forwarded-… away from requests that no trusted proxy sent, and refuses hosts that are not ours (400) and bodies
    without a length (411). `request.site` is the scheme and host of what is left, for absolute links.

    Without the first, anybody who reaches the application past the proxy could say that plain http is https, or be any host.
    Without the second, a forged Host is noticed only where a link is written.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.is_trusted = functools.lru_cache(REMEMBERED)(is_trusted)
        self.allowed = set()

    def __call__(self, request):
        told = request.META
        if not FORWARDED.isdisjoint(told):
            self._judge(told)
        if "HTTP_TRANSFER_ENCODING" in told:
            # Django reads as much as Content-Length says: a body in chunks would be taken for an empty one.
            return problem_response(411, "length_required", _("Send the body with a Content-Length, not in chunks."))
        # The name as it was sent, an allowed one as a rule: looking it up costs less than Django's reading of it.
        host = told.get("HTTP_X_FORWARDED_HOST") or told.get("HTTP_HOST")
        if host not in self.allowed and request.path not in HEALTH:
            try:
                sent, host = host, request.get_host()
            except DisallowedHost:
                return problem_response(
                    400, "unknown_host", _("This service does not answer for that host name (ALLOWED_HOSTS).")
                )
            if sent and len(self.allowed) < REMEMBERED:
                self.allowed.add(sent)
        request.site = f"{request.scheme}://{host}"
        return self.get_response(request)

    def _judge(self, told):
        if not self.is_trusted(told.get("REMOTE_ADDR", "")):
            for name in FORWARDED:
                told.pop(name, None)
        elif "," in told.get("HTTP_X_FORWARDED_HOST", ""):
            # One name for each proxy; as with X-Forwarded-Proto, the first is what the client asked for.
            told["HTTP_X_FORWARDED_HOST"] = told["HTTP_X_FORWARDED_HOST"].split(",")[0].strip()
