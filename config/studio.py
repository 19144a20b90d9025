"""The wall clock of the studio, for pages."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


class StudioTimeMiddleware:
    """Pages tell times in the studio's own zone (STUDIO_TIME_ZONE), and take them so. The API speaks UTC."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with timezone.override(ZoneInfo(settings.STUDIO_TIME_ZONE)):
            return self.get_response(request)
