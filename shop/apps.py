from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    """What is sold: products, orders, vouchers, lesson credits and payments."""

    name = "shop"
    verbose_name = _("Shop")

    def ready(self):
        from accounts.signals import account_closed
        from shop.services import forget_addresses

        account_closed.connect(forget_addresses, dispatch_uid="shop.forget_addresses")
