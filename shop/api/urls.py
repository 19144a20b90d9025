"""The shop's paths, one pattern list per contract: config/urls.py mounts each where its documents want it."""

from django.urls import path, re_path

from config.routing import routes
from shop.api import lesson_credits, orders, payments, pictures, products

_payment = payments.PaymentViewSet.as_view

canonical = [
    *routes(
        products=products.ProductViewSet,
        categories=products.CategoryViewSet,
        orders=orders.OrderViewSet,
        credits=lesson_credits.CreditViewSet,
    ),
    path("orders/<int:order>/payment/", _payment({"get": "retrieve", "post": "create"}), name="order-payment"),
    path("orders/<int:order>/payment/paid/", _payment({"post": "mark_paid"}), name="order-paid"),
    path("orders/<int:order>/payment/refunded/", _payment({"post": "mark_refunded"}), name="order-refunded"),
    path("payments/webhooks/<slug:provider>/", payments.WebhookView.as_view(), name="payment-webhook"),
]
web_store = [
    path("get_all_products/", products.ProductViewSet.as_view({"get": "list"}), name="webstore-products"),
    path("get_order/", orders.OrderViewSet.as_view({"get": "list"}), name="webstore-orders"),
    path("post_order/", orders.OrderViewSet.as_view({"post": "create"}), name="webstore-order"),
]
media = [re_path(r"^products/(?P<name>[0-9a-f]{32}\.[a-z]+)$", pictures.picture, name="product-picture")]
