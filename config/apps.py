from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """What all apps share: settings, routes, errors, pages of lists, idempotency."""

    name = "config"
    verbose_name = "Frontdesk"

    def ready(self):
        from django.core.signals import request_finished, request_started
        from django.db.models.signals import post_migrate
        from django.utils.text import format_lazy
        from rest_framework import fields

        from config.actors import forget_actor
        from config.roles import make_groups

        # DRF's own keeps the words in the language in which they are first told; our serializers and filters outlive a request.
        fields.lazy_format = format_lazy
        for signal in (request_started, request_finished):
            signal.connect(forget_actor, dispatch_uid="config.actors")
        post_migrate.connect(make_groups, dispatch_uid="config.roles")
