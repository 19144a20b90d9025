"""The base of the viewsets that show rows."""

import functools
import threading
from typing import ClassVar

from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from config import keys
from config.json import JSONRenderer
from config.reads import Detail, Listing
from config.retries import RetryingMixin


class ValidatingMixin:
    """Reads a request's body by the action's serializer."""

    def validated(self, request, **kwargs):
        """The body's values, parsed. Raises DRF's ValidationError naming every field that is wrong."""
        serializer = self.get_serializer(**kwargs) if kwargs else _serializer(self.get_serializer_class())
        serializer._context = self.get_serializer_context()
        serializer.initial_data = request.data
        # Not `is_valid`, which keeps what it finds for the next one to see.
        return serializer.run_validation(serializer.initial_data)


class LeanMixin:
    """DRF's dispatch without what is the same for every request here: one format, one version, no throttles.

    Allow goes with a 405 only (config.problems), for which alone HTTP wants it.
    """

    default_response_headers: ClassVar[dict[str, str]] = {}
    lookup_value_regex = keys.PATTERN

    def dispatch(self, request, *args, **kwargs):
        response = super().dispatch(request, *args, **kwargs)
        if isinstance(response, Response):
            response.render()
            response.renderer_context = None
        # A view, its request and what they hand to parsers refer to each other. Parted, they are gone at once; else they
        # would wait for the garbage collector, and with hundreds of others hold up whoever is served then.
        self.request.parser_context = None
        vars(self).clear()
        return response

    def get_authenticators(self):
        return _authenticators(tuple(self.authentication_classes))

    def initial(self, request, *args, **kwargs):
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = _RENDERER, JSONRenderer.media_type
        self.perform_authentication(request)
        self.check_permissions(request)


_RENDERER = JSONRenderer()
_spare = threading.local()


def _serializer(serializer_class):
    """This thread's serializer of a class. Making one copies each of its fields, which takes longer than what they check."""
    made = _spare.__dict__
    if serializer_class not in made:
        made[serializer_class] = serializer_class()
    return made[serializer_class]


@functools.cache
def _authenticators(classes):
    # They hold nothing of a request.
    return [authenticator() for authenticator in classes]


class ReadViewSet(LeanMixin, RetryingMixin, ValidatingMixin, GenericViewSet):
    """`list` and `retrieve`, read as config.reads has it.

    `listings` maps the name of an action to the list that it shows (config.openapi documents their parameters);
    `item` reads one object, also for the answers to writes.
    """

    listings: ClassVar[dict[str, Listing]]
    item: ClassVar[Detail]

    def list(self, request, **kwargs):
        return self.listings["list"].respond(request)

    def retrieve(self, request, pk, **kwargs):
        return self.item.respond(request, pk)
