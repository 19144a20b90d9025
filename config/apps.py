from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """What all apps share: settings, routes, errors, pages of lists, idempotency."""

    name = "config"
    verbose_name = "Frontdesk"
