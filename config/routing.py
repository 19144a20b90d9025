"""Routers for paths that clients may write with or without the trailing slash (config.middleware adds it)."""

from rest_framework.routers import SimpleRouter


def routes(**viewsets):
    """The URL patterns of viewsets by prefix: `routes(tickets=TicketViewSet)`. An empty prefix is written `_`."""
    router = SimpleRouter()
    for prefix, viewset in viewsets.items():
        router.register("" if prefix == "_" else prefix, viewset, basename=viewset.__name__.removesuffix("ViewSet").lower())
    return router.urls
