from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    """The support desk: what customers ask and what support answers."""

    name = "tickets"
    verbose_name = _("Support desk")

    def ready(self):
        from accounts.signals import account_closed

        account_closed.connect(_unassign, dispatch_uid="tickets")


def _unassign(user, **kwargs):
    from tickets.services import unassign

    unassign(user=user)
