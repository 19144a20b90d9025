from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    """Slots, meetings, weekly hours, reminders and calendars."""

    name = "scheduling"
    verbose_name = _("Scheduling")
