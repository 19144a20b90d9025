"""Fields of the shop's shapes, as serializers and in SQL."""

from django.conf import settings
from django.db.models import Case, F, TextField, Value, When
from django.db.models.functions import Concat
from rest_framework import serializers

from config.reads import SITE


class PictureField(serializers.URLField):
    """Where a product's picture is to be had, or null where there is none."""

    def __init__(self, **kwargs):
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def to_representation(self, value):
        return self.context["request"].build_absolute_uri(f"{settings.MEDIA_URL}{value.name}")

    def get_attribute(self, product):
        return product.picture or None

    def expression(self):
        # MEDIA_URL is a path of ours, or a bucket's whole address.
        site = SITE if settings.MEDIA_URL.startswith("/") else Value("")
        url = Concat(site, Value(settings.MEDIA_URL), F("picture"), output_field=TextField())
        return Case(When(picture="", then=Value(None)), default=url, output_field=TextField())
