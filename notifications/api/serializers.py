"""The shapes of notifications in JSON."""

from django.db.models import Case, F, TextField, Value, When
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.fields import InstantField
from config.reads import SITE
from notifications.models import Notification, Type


class PathField(serializers.URLField):
    """A path of ours as an absolute URL, or null where there is none."""

    def __init__(self, **kwargs):
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def to_representation(self, value):
        return self.context["request"].build_absolute_uri(value) if value else None

    def expression(self):
        path = self.source
        return Case(When(**{path: ""}, then=Value(None)), default=Concat(SITE, F(path)), output_field=TextField())


class NotificationSerializer(serializers.ModelSerializer):
    """Something that the caller was told."""

    created_at = InstantField(read_only=True)
    link = PathField(help_text=_("URL of what it is about."))

    class Meta:
        model = Notification
        fields = ("id", "user", "meeting", "title", "message", "type", "is_read", "created_at", "link")
        read_only_fields = fields


class ReadMarkSerializer(serializers.Serializer):
    """All that a client may change of a notification."""

    is_read = serializers.BooleanField()


class UnreadSerializer(serializers.Serializer):
    """How many of the caller's notifications are unread."""

    unread_count = serializers.IntegerField(min_value=0)


class MarkedSerializer(serializers.Serializer):
    """How many notifications were unread until now."""

    marked = serializers.IntegerField(min_value=0)


class ChannelsSerializer(serializers.Serializer):
    """Whether the caller wants one type of notification by each channel."""

    in_app = serializers.BooleanField(required=False, help_text=_("In the list of notifications."))
    email = serializers.BooleanField(required=False)
    sms = serializers.BooleanField(required=False)


class PreferencesSerializer(serializers.Serializer):
    """What the caller wants to hear of, by type and channel. What is left out stays as it is."""

    def get_fields(self):
        return {kind: ChannelsSerializer(required=False) for kind in Type.values}
