from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    """The support desk: what customers ask and what support answers."""

    name = "tickets"
    verbose_name = _("Support desk")

    def ready(self):
        from accounts.signals import account_closed

        account_closed.connect(_forget, dispatch_uid="tickets")


def _forget(user, **kwargs):
    from tickets.services import forget_user

    forget_user(user=user)
