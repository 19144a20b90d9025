"""The shop's paths, one pattern list per contract: config/urls.py mounts each where its documents want it."""

from django.urls import path, re_path

from config.routing import routes
from shop.api import orders, pictures, products

canonical = routes(products=products.ProductViewSet, categories=products.CategoryViewSet, orders=orders.OrderViewSet)
web_store = [
    path("get_all_products/", products.ProductViewSet.as_view({"get": "list"}), name="webstore-products"),
    path("get_order/", orders.OrderViewSet.as_view({"get": "list"}), name="webstore-orders"),
    path("post_order/", orders.OrderViewSet.as_view({"post": "create"}), name="webstore-order"),
]
media = [re_path(r"^products/(?P<name>[0-9a-f]{32}\.[a-z]+)$", pictures.picture, name="product-picture")]
