"""`/api/schema/`: the OpenAPI document. (config.openapi says what is in it.)"""

import functools

from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView


class SchemaView(SpectacularAPIView):
    """The same for everybody, in the language of Accept-Language."""

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        content_type = f"{OpenApiYamlRenderer.media_type}; charset={OpenApiYamlRenderer.charset}"
        headers = {"Content-Disposition": 'inline; filename="Frontdesk.yaml"'}
        return HttpResponse(_document(get_language()), content_type=content_type, headers=headers)


@functools.cache
def _document(language):
    # Made once for each language, in which it is written: that takes a quarter of a second, and anybody may ask for it.
    generator = SpectacularAPIView.generator_class()
    return OpenApiYamlRenderer().render(generator.get_schema(public=True))
