"""Roles, as DRF permissions."""

from rest_framework.permissions import BasePermission


class IsAdmin(BasePermission):
    """Tutors and administrators."""

    def has_permission(self, request, view):
        return request.user.is_superuser
