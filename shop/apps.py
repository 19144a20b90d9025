from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    """What is sold: products, orders, vouchers, lesson credits and payments."""

    name = "shop"
    verbose_name = _("Shop")

    def ready(self):
        from accounts.signals import account_closed

        account_closed.connect(_forget, dispatch_uid="shop")


def _forget(user, **kwargs):
    from shop.services import forget_user

    forget_user(user=user)
