"""The seam between orders and whoever takes the money. A provider is one module with a class like `Offline` or `Stripe`."""

from decimal import Decimal
from importlib import import_module
from typing import NamedTuple, Protocol

from django.conf import settings

from config.errors import Missing

_PROVIDERS = {"offline": "shop.payments.offline.Offline", "stripe": "shop.payments.stripe.Stripe"}


class Started(NamedTuple):
    """A payment as the provider knows it: its name there, and where the customer pays (both may be empty)."""

    reference: str
    url: str


class Event(NamedTuple):
    """Something that a provider told us of a payment. `payment_id` is what we told it of the payment when it was started."""

    id: str
    kind: str
    reference: str
    payment_id: int | None
    paid: bool
    amount: Decimal
    currency: str


class Provider(Protocol):
    """What the shop asks of a payment provider."""

    def start(self, payment) -> Started:
        """Makes a payment known to the provider; sent again, the same one. No transaction is open. Raises ProviderUnavailable."""

    def read_event(self, *, headers, body) -> Event | None:
        """What a webhook says, once its signature is proved; None for what is of no concern. Raises SignatureInvalid."""


def provider_named(name) -> Provider:
    """The provider of this name. Raises Missing for one that this service does not use."""
    if name not in {"offline", settings.PAYMENT_PROVIDER}:
        raise Missing
    module, _, cls = _PROVIDERS[name].rpartition(".")
    return getattr(import_module(module), cls)()
