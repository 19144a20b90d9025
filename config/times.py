"""Whose clock pages show."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


class StudioTimeMiddleware:
    """For pages (config.pages): they show and read times in the studio's zone (STUDIO_TIME_ZONE). The API speaks UTC."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with timezone.override(ZoneInfo(settings.STUDIO_TIME_ZONE)):
            return self.get_response(request)


def zone_badge(request):
    """For UNFOLD["ENVIRONMENT"]: the zone that a page's times are in, at its top."""
    return settings.STUDIO_TIME_ZONE, "info"
