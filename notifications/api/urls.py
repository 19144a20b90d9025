"""Notifications' paths, below `/api/v1/notifications/`."""

from config.routing import routes
from notifications.api.views import NotificationViewSet

urlpatterns = routes(_=NotificationViewSet)
