"""A real browser at the service as it is deployed: gunicorn and worker in processes of their own, on the test database."""

import pytest
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from local.browser import chromium
from tests.live import Service

WIDTHS = {"phone": 390, "desktop": 1280}
# The machine may be busy with other tests: a page that comes late is no failure.
PATIENCE = 20_000  # milliseconds
# What the policy forbids is told by an event as well as on the console; the words of the latter differ between versions.
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", event =>
    console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`))"""

# The studio's, which is not that of the tests.
ZONE = "Europe/Warsaw"


@pytest.fixture(scope="module")
def service(django_db_setup, tmp_path_factory):
    """The service, for all tests of a file."""
    # Tests that are done sign in over and over from one address.
    with Service(tmp_path_factory.mktemp("service"), LIMIT_SIGN_IN="off", STUDIO_TIME_ZONE=ZONE) as started:
        yield started


@pytest.fixture(scope="module")
def browser():
    """Chromium, for all tests of a file. It finds no host but this machine."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, between its calls: Django takes that for a coroutine.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        expect.set_options(timeout=PATIENCE)
        started = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield started
        started.close()


class Visitor:
    """Somebody at a browser, with cookies of their own. `complaints` are the errors of all pages: they should be none."""

    def __init__(self, browser, service, *, width="desktop", language="en", scheme="light", scripts=True):
        self.service, self.complaints = service, []
        self.context = browser.new_context(
            base_url=service.url,
            viewport={"width": WIDTHS[width], "height": 844},
            locale=language,
            timezone_id="Europe/Warsaw",
            color_scheme=scheme,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(TELL_VIOLATIONS)
        self.context.on("console", self._listen)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("requestfailed", self._hear_of_failure)

    def _hear_of_failure(self, request):
        if request.failure != "net::ERR_ABORTED":  # by the browser itself: whoever clicks twice wants the second page alone
            self.complaints.append(f"{request.failure}: {request.url}")

    def _listen(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.page.url if message.page else ''}: {message.text}")

    def be(self, user):
        """Signed in as that user, without the form."""
        client = Client()
        client.force_login(user, backend="accounts.backends.IdentifierBackend")
        self.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self.service.url}])
        return self

    def open(self, path):
        """A new tab with that page."""
        page = self.context.new_page()
        page.goto(path)
        return page


@pytest.fixture
def visitor(transactional_db, browser, service):
    """`visitor(sue, width="phone", language="pl")`: a browser window of sue's. Errors on the console fail the test."""
    visitors = []

    def arrive(user=None, **options):
        found = Visitor(browser, service, **options)
        visitors.append(found)
        return found.be(user) if user else found

    yield arrive
    complaints = [complaint for one in visitors for complaint in one.complaints]
    for one in visitors:
        one.context.close()
    assert complaints == []
