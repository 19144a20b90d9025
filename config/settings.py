"""Every setting of Frontdesk, read from the environment. `.env.example` describes each variable; config.libraries has those
that are the same everywhere.

A missing or impossible value stops the start and says how to mend it.
"""

import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pghistory
from django.core.exceptions import ImproperlyConfigured

from config import env, mail
from config.libraries import (  # noqa: F401 (Django looks for them here)
    INSTALLED_APPS,
    MIDDLEWARE,
    PROCRASTINATE_WORKER_DEFAULTS,
    SPECTACULAR_SETTINGS,
    STATIC_URL,
    TEMPLATES,
    UNFOLD,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("FRONTDESK_DATA", str(BASE_DIR / ".data"))).resolve()

# --- The service and its secrets

DEBUG = env.boolean("DEBUG", False)
# Clients come over https: Secure cookies, HSTS, redirects. `make run` turns it off, as it serves plain http on loopback.
HTTPS = env.boolean("HTTPS", not DEBUG)
SECRET_KEY = env.secret("SECRET_KEY", debug=DEBUG)
JWT_KEY = env.secret("JWT_KEY", debug=DEBUG)
if JWT_KEY == SECRET_KEY:
    raise ImproperlyConfigured("JWT_KEY equals SECRET_KEY. Give tokens a key of their own, so that either can be changed alone.")
SITE_URL = env.site("SITE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_CREDENTIALS = True
CORS_EXPOSE_HEADERS = ["Link", "Retry-After", "Idempotency-Replayed", "X-Request-Id"]
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The API answers under both spellings of a path (config.routing); the admin redirects as Django does.
APPEND_SLASH = True

# --- PostgreSQL

DATABASES = {"default": env.database("DATABASE_URL", conn_max_age=60, conn_health_checks=True)}
DATABASES["default"]["ENGINE"] = "config.postgresql"
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "connect_timeout": 3,
        # No statement, lock or forgotten transaction may hold up the others. Migrations and backups set their own.
        # What is prepared (config.postgresql.prepared) is planned once: planning a booking takes as long as booking. Django's
        # own statements hold their values, so they are planned for them. What was planned while a table was small shall not read
        # all of it when it no longer is: a plan goes by an index where there is one.
        "options": "-c statement_timeout=5s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s"
        " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off",
        "server_side_binding": False,
        # psycopg would forget all that is prepared (DEALLOCATE ALL) at each rollback, to be rid of its own.
        "prepare_threshold": None,
        "application_name": "frontdesk",
    }
)

# Histories (config.history) are read by the row that they are of, and by nothing else.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)

# --- Accounts

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.IdentifierBackend"]
# The API signs in through the backend above, which looks names up without case; usernames of closed accounts repeat.
# The others look for middleware by name, which config.pages and config.middleware have within.
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",
    *("admin.E408", "admin.E409", "admin.E410"),
    *("security.W001", "security.W002", "security.W003"),
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": f"accounts.validators.{name}"} for name in ("OwnNameValidator", "VisibleValidator")]
# Words of this service, which alone make no password.
PASSWORD_WORDS = [word for word in env.words("PASSWORD_WORDS", "frontdesk") if len(word) > 2]
PASSWORD_HASHERS = ["accounts.hashers.Argon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
REQUIRE_VERIFIED = env.boolean("REQUIRE_VERIFIED", False)
ADMIN_EMAIL = env.email("ADMIN_EMAIL", "admin@example.com")
ADMIN_PASSWORD = os.environ.get("ADMIN_PASSWORD", "")

ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)
REFRESH_TOKEN_LIFETIME = timedelta(days=7)
REFRESH_GRACE = timedelta(seconds=10)
# A session that is refreshed again and again still ends: after that, people sign in anew.
SESSION_LIFETIME = env.duration("SESSION_LIFETIME", "90d", least=1)
CODE_LIFETIME = timedelta(minutes=10)
CODE_GUESSES = 5
# How long the copy of everything about oneself can be downloaded, before another can be asked for.
EXPORT_LIFETIME = env.duration("EXPORT_LIFETIME", "24h", least=1)

LIMITS = {
    "sign_in": env.rate("LIMIT_SIGN_IN", "5/5m"),
    "sign_up": env.rate("LIMIT_SIGN_UP", "60/h"),
    "reset": env.rate("LIMIT_RESET", "5/h"),
    "code": env.rate("LIMIT_CODE", "5/h"),
    "guess": env.rate("LIMIT_GUESS", "30/h"),
    "api": env.rate("LIMIT_API", "off"),
}

# --- The API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SessionTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["config.json.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["config.json.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.json.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "config.openapi.AutoSchema",
    # OPTIONS is for CORS, which answers before; /api/schema/ tells what there is.
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "config.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
}
PAGE_SIZE, MAX_PAGE_SIZE = 50, 200
IDEMPOTENCY_KEY_LIFETIME = timedelta(hours=24)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

SIMPLE_JWT = {
    "AUTH_HEADER_TYPES": ("Bearer", "Token"),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_KEY,
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": REFRESH_TOKEN_LIFETIME,
}
DJOSER = {
    "HIDE_USERS": False,
    "SERIALIZERS": {
        "user": "accounts.api.serializers.UserSerializer",
        "current_user": "accounts.api.serializers.UserSerializer",
        "user_create": "accounts.api.serializers.RegistrationSerializer",
        "set_password": "accounts.api.serializers.SetPasswordSerializer",
        "set_username": "accounts.api.serializers.SetUsernameSerializer",
        "password_reset": "accounts.api.serializers.PasswordResetSerializer",
        "password_reset_confirm": "accounts.api.serializers.PasswordResetConfirmSerializer",
        "user_delete": "accounts.api.serializers.CurrentPasswordSerializer",
    },
}
# Where the link in a reset mail leads: a page of the web client, which posts uid and token on.
PASSWORD_RESET_URL = env.template(
    "PASSWORD_RESET_URL", SITE_URL + "/#/password/reset/confirm/{uid}/{token}", "uid", "token", needed=("uid", "token")
)

# --- Mail and SMS: without settings, messages become files in the outbox

OUTBOX_DIR = DATA_DIR / "outbox"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.sender("DEFAULT_FROM_EMAIL", "Frontdesk <frontdesk@example.com>")
EMAIL_TIMEOUT = SMS_TIMEOUT = 10  # seconds, for each answer of the other side
_EMAIL = mail.email_server(env.text("EMAIL_URL", "outbox:"))
EMAIL_BACKEND = _EMAIL.backend
EMAIL_HOST, EMAIL_PORT = _EMAIL.host, _EMAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _EMAIL.user, _EMAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _EMAIL.use_tls, _EMAIL.use_ssl
ANYMAIL = {**_EMAIL.anymail, "REQUESTS_TIMEOUT": EMAIL_TIMEOUT}
SMS_GATEWAY = mail.sms_gateway(env.text("SMS_URL", "outbox:"))
# With the pauses of config.tasks.Backoff, 24 tries last about two and a half hours; then the admin shows the message as failed.
DELIVERY_ATTEMPTS = env.integer("DELIVERY_ATTEMPTS", 24, least=1)
DELIVERY_RETENTION = env.duration("DELIVERY_RETENTION", "90d")

# --- Slots and meetings

# How long before its start a student may still cancel or move a meeting, and book one; tutors may at any time.
CANCEL_NOTICE = env.duration("CANCEL_NOTICE", "0s")
BOOKING_NOTICE = env.duration("BOOKING_NOTICE", "0s")
# Whoever cancels or moves later than this before the start forfeits the credits that the meeting cost.
CREDIT_NOTICE = env.duration("CREDIT_NOTICE", "0s")
# How far ahead students may book.
BOOKING_AHEAD = env.optional_duration("BOOKING_AHEAD", "off")
# How long before a meeting its people are reminded.
REMINDERS = sorted(set(env.durations("REMINDERS", "24h,1h")))
# How far ahead slots are published from tutors' weekly hours, and for how long calendars show what is over.
PUBLISH_AHEAD = env.duration("PUBLISH_AHEAD", "28d")
CALENDAR_PAST = env.duration("CALENDAR_PAST", "90d")

# --- Languages and times

USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "en", "pl", "ru")
LANGUAGES = [("en", "English"), ("pl", "Polski"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
# The studio's own zone: times in mails and in the admin are told in it. The API speaks UTC.
STUDIO_TIME_ZONE = env.accepted("STUDIO_TIME_ZONE", "UTC", ZoneInfo, "a time zone; write it like Europe/Warsaw")

# --- Files

# Served from the packages themselves, without a build step before the start; whitenoise remembers what it found.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
MEDIA_ROOT = DATA_DIR / "media"
# Where browsers find products' pictures: a path of ours, or the address of a bucket or CDN.
MEDIA_URL = env.text("MEDIA_URL", "/media/")

# --- The support desk

# The largest file that may come with a ticket or an answer; each takes up to five.
TICKET_FILE_BYTES = env.integer("TICKET_FILE_BYTES", 10 * 1024 * 1024, least=1)

# --- The shop

# Currency of new products and vouchers; each may have another.
SHOP_CURRENCY = env.accepted(
    "SHOP_CURRENCY", "EUR", re.compile("[A-Z]{3}").fullmatch, "a currency; write it with three capital letters, like EUR"
)
PRODUCT_PICTURE_BYTES = env.integer("PRODUCT_PICTURE_BYTES", 5 * 1024 * 1024, least=1)
# How orders are paid: `offline` (staff mark them as paid) or `stripe`.
PAYMENT_PROVIDER = env.choice("PAYMENT_PROVIDER", "offline", "stripe")
# Where the provider sends people back to: a page of the web client.
PAYMENT_RETURN_URL = env.template("PAYMENT_RETURN_URL", SITE_URL + "/#/orders/{order}", "order")
STRIPE_URL = "https://api.stripe.com"
STRIPE_KEY = os.environ.get("STRIPE_KEY", "")
# Several while one replaces another.
STRIPE_WEBHOOK_SECRETS = env.words("STRIPE_WEBHOOK_SECRETS")
if PAYMENT_PROVIDER == "stripe" and not (STRIPE_KEY and STRIPE_WEBHOOK_SECRETS):
    raise ImproperlyConfigured("PAYMENT_PROVIDER is stripe: set STRIPE_KEY and STRIPE_WEBHOOK_SECRETS as well.")

# --- Browsers

SECURE_SSL_REDIRECT = HTTPS
# config.edge leaves these headers to the requests of trusted proxies alone.
USE_X_FORWARDED_HOST = bool(TRUSTED_PROXIES)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
LOGIN_REDIRECT_URL = "/admin/"
# Browsers take a cookie of such a name over https from this very host alone. The names of the others are the clients'.
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.problems.form_refused"
X_FRAME_OPTIONS = "DENY"
REFRESH_COOKIE = "refreshtoken"

# --- Logs: one JSON line each, with the request's id, on stdout

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JSONFormatter"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": env.choice("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR")},
    "loggers": {
        # Its lines about 4xx repeat what the request's own line says.
        "django.request": {"level": "ERROR"},
        "procrastinate": {"level": "WARNING"},
    },
}
