"""Which libraries the service is made of, and how they are set up: the settings that are the same in every installation."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

STATIC_URL = "/static/"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "rest_framework",
    "djoser",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "pgtrigger",
    "pghistory",
    "config",
    "notifications",
    "accounts",
    # Whoever closes an account goes through them in this order: people of meetings come before tickets (docs/locking.md).
    "scheduling",
    "shop",
    "tickets",
]

MIDDLEWARE = [
    "config.middleware.RequestLogMiddleware",
    "config.middleware.LanguageMiddleware",  # before whatever refuses a request
    "config.edge.EdgeMiddleware",
    "config.middleware.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "config.middleware.APIMiddleware",
    "config.pages.PagesMiddleware",  # Django's own, for pages alone
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).resolve().parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

UNFOLD = {
    "SITE_TITLE": "Frontdesk",
    "SITE_HEADER": "Frontdesk",
    "SITE_URL": None,  # the web clients are elsewhere
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"{STATIC_URL}desk/icon.svg"}],
    "DASHBOARD_CALLBACK": "config.desk.home.fill",
    "ENVIRONMENT": "config.times.zone_badge",
    "STYLES": [f"{STATIC_URL}desk/admin.css"],
}

# Seconds between two looks into the queue, which nobody announces jobs in: docs/adr/0020-nobody-calls-the-worker.md.
PROCRASTINATE_WORKER_DEFAULTS = {"fetch_job_polling_interval": 0.5, "listen_notify": False}

SPECTACULAR_SETTINGS = {
    "TITLE": "Frontdesk",
    "DESCRIPTION": _("Accounts, tickets, meetings, a shop and notifications of a small service business."),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "ENUM_NAME_OVERRIDES": {
        "MeetingStatus": "scheduling.models.Status",
        "OrderStatus": "shop.models.orders.Order.Status",
        "TicketStatus": "tickets.models.Status",
    },
    "PREPROCESSING_HOOKS": ["config.openapi.canonical_first"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.openapi.errors_with_examples"],
}
