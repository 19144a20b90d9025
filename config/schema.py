"""`/api/schema/`: the OpenAPI document. (config.openapi says what is in it.)"""

import functools

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language, override
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView

from config.json import JSONRenderer


class SchemaView(SpectacularAPIView):
    """The same for everybody, in the language of `?lang=` or of Accept-Language."""

    renderer_classes = (JSONRenderer,)  # of errors

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        asked = request.GET.get("lang")
        language = asked if asked in dict(settings.LANGUAGES) else get_language()
        content_type = f"{OpenApiYamlRenderer.media_type}; charset={OpenApiYamlRenderer.charset}"
        headers = {"Content-Disposition": 'inline; filename="Frontdesk.yaml"'}
        return HttpResponse(_document(language), content_type=content_type, headers=headers)


@functools.cache
def _document(language):
    # Made once for each language: that takes a quarter of a second, and anybody may ask for it.
    with override(language):
        return OpenApiYamlRenderer().render(SpectacularAPIView.generator_class().get_schema(public=True))
