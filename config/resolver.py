"""Routes found at once, once they were found.

Django tries its patterns one after the other, some thirty for a request. Paths of one shape, such as /api/v1/tickets/7/ and
/api/v1/tickets/8/, always lead to the same view, and what stands at the numbers' places are its arguments.
"""

import re

from django.urls import URLResolver
from django.urls.resolvers import ResolverMatch, RoutePattern

from config import keys

_NUMBER = re.compile(f"(?<=/){keys.PATTERN}(?=/)")


class RememberingResolver(URLResolver):
    """`RememberingResolver(urlpatterns)`: resolves as those do.

    Remembers a shape only where each argument is one of the path's numbers, so there are no more of them than routes.
    """

    def __init__(self, urlpatterns):
        super().__init__(RoutePattern(""), urlpatterns)
        self._known = {}

    def resolve(self, path):
        numbers = _NUMBER.findall(path)
        shape = _NUMBER.sub("0", path) if numbers else path
        known = self._known.get(shape)
        if known is None:
            match = super().resolve(path)
            self._remember(shape, numbers, match)
            return match
        found, places = known
        kwargs = {name: numbers[place] for name, place in places}
        return ResolverMatch(
            found.func,
            (),
            kwargs,
            found.url_name,
            found.app_names,
            found.namespaces,
            found.route,
            [],
            kwargs,
            found.extra_kwargs,
        )

    def _remember(self, shape, numbers, match):
        given = match.kwargs
        if match.args or match.extra_kwargs or len(set(numbers)) < len(numbers) or not set(given.values()) <= set(numbers):
            return  # which number belongs to which argument cannot be told, or an argument is a word, or the route's own
        self._known[shape] = match, [(name, numbers.index(value)) for name, value in given.items()]
