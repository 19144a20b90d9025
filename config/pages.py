"""What only pages for people need: sessions in cookies, forms, messages, static files."""

from django.core.handlers.exception import convert_exception_to_response
from django.utils.module_loading import import_string

from config.edge import HEALTH
from config.problems import error_page

MIDDLEWARE = (
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.times.StudioTimeMiddleware",
)


class PagesMiddleware:
    """Django's own middleware as one piece, which requests to the API walk past.

    The API authenticates by header; its one door with cookies checks CSRF itself (accounts.api.webstore).
    """

    def __init__(self, get_response):
        self.api = self.pages = get_response
        self.views = []  # those that want to see the view before it is called, outermost first
        for path in reversed(MIDDLEWARE):
            middleware = import_string(path)(self.pages)
            self.pages = convert_exception_to_response(middleware)
            if hasattr(middleware, "process_view"):
                self.views.insert(0, middleware.process_view)

    def __call__(self, request):
        # Probes ask every few seconds, and want nothing of this either.
        return (self.api if request.is_api or request.path in HEALTH else self.pages)(request)

    def process_view(self, request, view, args, kwargs):
        if request.is_api:
            return None
        answers = (process(request, view, args, kwargs) for process in self.views)
        return next((answer for answer in answers if answer), None)

    def process_exception(self, request, exception):
        """A page for what a service refuses, where the API would have a problem: too many tries to sign in to the admin."""
        return None if request.is_api else error_page(exception)
