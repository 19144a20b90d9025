"""Who may do what with a ticket, as DRF permissions."""

from rest_framework.permissions import BasePermission

from config.errors import Missing
from tickets.models import Ticket


class SeesTicket(BasePermission):
    """For what belongs to one ticket: there is none (404) for whoever may not see it."""

    def has_permission(self, request, view):
        if not Ticket.objects.visible_to(request.user).filter(pk=view.kwargs["pk"]).exists():
            raise Missing
        return True


class SupportsTicket(SeesTicket):
    """For what support alone does with a ticket: a 403 for its owner."""

    def has_permission(self, request, view):
        return super().has_permission(request, view) and request.user.is_staff
