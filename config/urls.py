"""A table of contents: one line per prefix. Clients may leave out the trailing slash of everything under /auth and /api."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from accounts.admin import OwnPasswordView
from accounts.api import urls as accounts
from config import health, problems
from config.resolver import RememberingResolver
from config.schema import SchemaView
from shop.api import urls as shop
from tickets.api import urls as tickets

_routes = [
    path("auth/", include(accounts.auth)),
    path("api/auth/", include(accounts.auth)),
    path("api/v1/token/", include(accounts.token)),
    path("api/v1/", include(accounts.management)),
    path("api/v1/notifications/", include("notifications.api.urls")),
    path("api/v1/", include("scheduling.api.urls")),
    path("api/v1/", include(shop.canonical)),
    path("api/v1/", include(tickets.canonical)),
    path("api/", include(accounts.web_store)),
    path("api/", include(shop.web_store)),
    path("api/", include(tickets.support_desk)),
    path("media/", include(shop.media)),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("admin/password_change/", admin.site.admin_view(OwnPasswordView.as_view(), cacheable=True)),
    path("admin/desk/", include("config.desk.urls")),
    path("admin/", admin.site.urls),
    *(path(spelling, health.livez) for spelling in ("livez", "livez/")),
    *(path(spelling, health.readyz) for spelling in ("readyz", "readyz/")),
]
urlpatterns = [RememberingResolver(_routes)]

handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.page_not_found
handler500 = problems.server_error
