"""Products and categories, as everybody sees them and administrators keep them."""

from typing import ClassVar

from django.db.models import BigIntegerField, Q
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers as drf
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts.permissions import IsAdmin
from config.fields import IdField, SearchField
from config.filters import Filter, Flag
from config.idempotency import idempotent
from config.openapi import NO_CONTENT
from config.pagination import Order as PageOrder
from config.reads import Detail, Listing
from config.sql import Param
from config.viewsets import ReadViewSet
from shop import services
from shop.api import serializers
from shop.api.pictures import PictureParser
from shop.models import Category, Product, StockEntry

BY_NAME = PageOrder("name", "id", name=drf.CharField(trim_whitespace=False, max_length=200))


class _KeptByAdmins(ReadViewSet):
    """Everybody who signed in reads, administrators write."""

    def get_permissions(self):
        reading = self.action in ("list", "retrieve")
        return [IsAuthenticated()] if reading else [IsAuthenticated(), IsAdmin()]


@extend_schema_view(
    list=extend_schema(summary="Categories by name"),
    retrieve=extend_schema(summary="One category"),
    create=extend_schema(summary="New category (administrators)"),
    partial_update=extend_schema(summary="Rename a category (administrators)"),
    destroy=extend_schema(summary="Delete a category (administrators)"),
)
class CategoryViewSet(_KeptByAdmins):
    """Shelves of the shop. A product whose category is deleted stays, without one."""

    queryset = Category.objects.none()
    serializer_class = serializers.CategorySerializer
    listings: ClassVar = {"list": Listing(lambda user: Category.objects.all(), serializers.CategorySerializer, ordering=BY_NAME)}
    item = Detail(lambda user: Category.objects.all(), serializers.CategorySerializer)

    @idempotent
    def create(self, request):
        category = services.create_category(by=request.user, **self.validated(request))
        return self.item.respond(request, category.pk, status=201)

    def partial_update(self, request, pk):
        services.change_category(by=request.user, category_id=pk, **self.validated(request, partial=True))
        return self.item.respond(request, pk)

    def destroy(self, request, pk):
        services.delete_category(by=request.user, category_id=pk)
        return Response(status=204)


def _ledger_of_product(user):
    return StockEntry.objects.filter(product_id=Param("product", BigIntegerField()))


@extend_schema_view(
    list=extend_schema(summary="Products on sale, by name"),
    retrieve=extend_schema(summary="One product"),
    create=extend_schema(summary="Put a product on sale (administrators)"),
    partial_update=extend_schema(summary="Change a product (administrators)"),
)
class ProductViewSet(_KeptByAdmins):
    """What is sold. Administrators also see, one by one, products that are off sale."""

    queryset = Product.objects.none()
    serializer_class = serializers.ProductSerializer
    listings: ClassVar = {
        "list": Listing(
            Product.objects.on_sale,
            serializers.ProductSerializer,
            ordering=BY_NAME,
            filters=(
                Filter("search", SearchField(), Product.objects.search, planned=True),
                Flag("in_stock", Q(sold_out=False)),
                Filter("category", IdField(), "category_id", planned=True),
            ),
        ),
        "stock": Listing(_ledger_of_product, serializers.StockEntrySerializer),
    }
    item = Detail(Product.objects.visible_to, serializers.ProductSerializer)

    @idempotent
    def create(self, request):
        product = services.create_product(by=request.user, **self.validated(request))
        return self.item.respond(request, product.pk, status=201)

    def partial_update(self, request, pk):
        services.change_product(by=request.user, product_id=pk, **self.validated(request, partial=True))
        return self.item.respond(request, pk)

    @extend_schema(
        summary="Delete a product (administrators)",
        description="A product that was ordered before is not deleted but goes off sale.",
    )
    def destroy(self, request, pk):
        services.delete_product(by=request.user, product_id=pk)
        return Response(status=204)

    @extend_schema(summary="Give a product a picture", responses=serializers.ProductSerializer)
    @action(["put"], detail=True, parser_classes=[PictureParser], serializer_class=serializers.PictureSerializer)
    def picture(self, request, pk):
        services.set_picture(by=request.user, product_id=pk, **self.validated(request))
        return self.item.respond(request, pk)

    @extend_schema(summary="Take a product's picture away", responses=NO_CONTENT)
    @picture.mapping.delete
    def remove_picture(self, request, pk):
        services.remove_picture(by=request.user, product_id=pk)
        return Response(status=204)

    @extend_schema(summary="The stock ledger of a product, newest first")
    @action(["get"], detail=True, serializer_class=serializers.StockChangeSerializer)
    def stock(self, request, pk):
        self.item.respond(request, pk)  # 404 for a product that does not exist
        return self.listings["stock"].respond(request, product=int(pk))

    @extend_schema(summary="Enter a delivery or a correction", responses={201: serializers.ProductSerializer})
    @stock.mapping.post
    @idempotent
    def change_stock(self, request, pk):
        services.change_stock(by=request.user, product_id=pk, **self.validated(request))
        return self.item.respond(request, pk, status=201)
