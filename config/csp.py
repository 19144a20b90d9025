"""What a page's content may be, told to the browser (Content-Security-Policy), by kind of page.

No page has scripts of its own in its text: all come as files from /static/, so that no nonce is needed and a script that
somebody smuggles into a page is not run.
"""

from django.conf import settings

_EVERYWHERE = "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
# The admin's theme works by Alpine, which makes functions of the attributes that it finds: 'unsafe-eval'. Its build that does
# without knows neither arrow functions nor localStorage, which the theme's templates use. Colors are in a <style> of the page
# and in attributes. Pictures of products may lie on a CDN (MEDIA_URL).
ADMIN = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; font-src 'self'; connect-src 'self'; "
    f"img-src 'self' data: blob: https:; {_EVERYWHERE}"
)
# Swagger UI sets style attributes; its <style> is a file (templates/drf_spectacular). It asks the API of this host alone.
DOCS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; connect-src 'self'; "
    f"img-src 'self' data:; {_EVERYWHERE}"
)
# Errors, files and whatever else there may be: nothing is loaded or run.
PLAIN = f"default-src 'none'; {_EVERYWHERE}"
# Headers of what people keep: however it gets opened, it is a download, and no page of ours.
DOWNLOAD = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def policy_for(request, response):
    """The policy that goes with an answer, or None for JSON, which no browser shows as a page."""
    if request.is_api:
        if not response.get("Content-Type", "").startswith("text/html"):
            return None
        return DOCS if request.path_info.startswith("/api/docs") else PLAIN
    if settings.DEBUG and response.status_code >= 400:
        return None  # Django's debug pages have scripts in their text
    return ADMIN if request.path_info.startswith("/admin/") else PLAIN
