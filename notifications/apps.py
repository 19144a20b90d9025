from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """What people are told: in the app, by e-mail and by SMS."""

    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self):
        # Each app keeps the renderers of its messages in a module `mails`; importing it registers them.
        autodiscover_modules("mails")
