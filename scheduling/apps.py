from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    """Slots, meetings, weekly hours, reminders and calendars."""

    name = "scheduling"
    verbose_name = _("Scheduling")

    def ready(self):
        from accounts.signals import account_closed

        account_closed.connect(_forget, dispatch_uid="scheduling")


def _forget(user, **kwargs):
    from scheduling.services import forget_user

    forget_user(user=user)
