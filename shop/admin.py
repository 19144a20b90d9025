"""The shop, for staff. Every change goes through the services that the API calls; ledgers are shown and never written."""

from django import forms
from django.contrib import admin
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.admin import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin
from shop import services
from shop.models import (
    Category,
    CreditEntry,
    CreditLot,
    Order,
    OrderEvent,
    OrderItem,
    Payment,
    PaymentEvent,
    Product,
    StockEntry,
    Voucher,
)
from shop.services.stock import BY_HAND


@admin.register(Category)
class CategoryAdmin(ServiceAdmin):
    """Shelves of the shop."""

    list_display = ("name",)
    search_fields = ("name",)

    def save_model(self, request, category, form, change):
        if not change:
            category.pk = services.create_category(by=request.user, name=category.name).pk
        elif form.changed_data:
            services.change_category(by=request.user, category_id=category.pk, name=category.name)

    def delete_model(self, request, category):
        services.delete_category(by=request.user, category_id=category.pk)


class ProductForm(forms.ModelForm):
    """A product. Its stock is changed by an entry in the ledger: a delivery or a correction."""

    stock_change = forms.IntegerField(
        label=capfirst(_("change of stock")),
        required=False,
        help_text=_("Such as 20 or -1."),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    stock_reason = forms.ChoiceField(
        label=capfirst(_("reason")),
        required=False,
        choices=[(reason.value, reason.label) for reason in BY_HAND],
        widget=UnfoldAdminSelectWidget,
    )
    stock_note = forms.CharField(label=capfirst(_("note")), required=False, max_length=200, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Product
        fields = (
            "name", "category", "description", "picture", "price", "currency", "is_active",
            "credits", "credits_valid_days", "amount",
        )  # fmt: skip


@admin.register(Product)
class ProductAdmin(ServiceAdmin):
    """What is sold. A product that was ordered is not deleted but goes off sale."""

    form = ProductForm
    list_display = ("name", "category", "price", "currency", "amount", "credits", "is_active")
    list_filter = ("is_active", "category", "currency")
    list_select_related = ("category",)
    search_fields = ("name", "description")
    actions = ("take_off_sale",)
    _terms = (
        (None, {"fields": ("name", "category", "description", "picture", "price", "currency", "is_active")}),
        (_("Lesson pack"), {"fields": ("credits", "credits_valid_days")}),
    )

    def get_fieldsets(self, request, obj=None):
        stock = ("amount", "stock_change", "stock_reason", "stock_note") if obj else ("amount",)
        return (*self._terms, (_("Stock"), {"fields": stock}))

    def get_readonly_fields(self, request, obj=None):
        return ("amount",) if obj else ()

    def save_model(self, request, product, form, change):
        values = {name: form.cleaned_data[name] for name in form.changed_data if not name.startswith("stock_")}
        picture = values.pop("picture", None)
        if not change:
            product.pk = services.create_product(by=request.user, **values).pk
        elif values:
            services.change_product(by=request.user, product_id=product.pk, **values)
        if change and form.cleaned_data.get("stock_change"):
            entry = {name: form.cleaned_data[f"stock_{name}"] for name in ("change", "reason", "note")}
            services.change_stock(by=request.user, product_id=product.pk, **entry)
        # At last: what is refused before it undoes the rows, and would leave the picture's file to nobody.
        if picture:
            services.set_picture(by=request.user, product_id=product.pk, picture=picture)
        elif picture is False:  # the box "clear" was ticked
            services.remove_picture(by=request.user, product_id=product.pk)

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.action(description=_("Take off sale; delete what was never ordered"), permissions=["change"])
    def take_off_sale(self, request, queryset):
        told = ngettext_lazy("%d product taken off sale.", "%d products taken off sale.")
        self.each(request, queryset, lambda product: services.delete_product(by=request.user, product_id=product.pk), told)


@admin.register(StockEntry)
class StockEntryAdmin(ReadOnlyAdmin):
    """Why stock changed."""

    list_display = ("created_at", "product", "change", "balance", "reason", "order", "by", "note")
    list_filter = ("reason",)
    list_select_related = ("product", "order", "by")
    search_fields = ("product__name", "note")


class _Items(ReadOnlyInline):
    model = OrderItem
    fields = ("name", "amount", "price", "credits")


class _Events(ReadOnlyInline):
    model = OrderEvent
    fields = ("created_at", "status", "by")


class _Payments(ReadOnlyInline):
    model = Payment
    fields = ("created_at", "provider", "status", "amount", "currency", "paid_at")


@admin.register(Order)
class OrderAdmin(ServiceAdmin):
    """What was ordered. What becomes of it is decided by the actions."""

    list_display = ("id", "created_at", "user", "total", "currency", "status", "phone")
    list_filter = ("status", "created_at")
    list_select_related = ("user",)
    # All of it, also what only the database writes.
    fields = (
        "user", "created_at", "status", "address", "phone", "subtotal", "discount", "total", "currency", "voucher",
    )  # fmt: skip
    search_fields = ("=id", "user__username", "user__email", "phone", "address")
    inlines = (_Items, _Events, _Payments)
    actions = ("complete", "cancel", "mark_paid")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_settle_permission(self, request):
        """Administrators, who alone complete orders and take money."""
        return request.user.has_perm("shop.change_order")

    @admin.action(description=_("Complete"), permissions=["settle"])
    def complete(self, request, queryset):
        self._each(request, queryset, services.complete_order)

    @admin.action(description=_("Cancel"), permissions=["settle"])
    def cancel(self, request, queryset):
        self._each(request, queryset, services.cancel_order)

    @admin.action(description=_("Mark as paid"), permissions=["settle"])
    def mark_paid(self, request, queryset):
        self._each(request, queryset, services.mark_paid)

    def _each(self, request, queryset, service):
        told = ngettext_lazy("%d order changed.", "%d orders changed.")
        self.each(request, queryset, lambda order: service(by=request.user, order_id=order.pk), told)


@admin.register(Voucher)
class VoucherAdmin(ServiceAdmin):
    """Codes that make orders cheaper."""

    list_display = ("code", "kind", "value", "currency", "uses", "max_uses", "max_uses_per_user", "valid_until", "is_active")
    list_filter = ("is_active", "kind")
    search_fields = ("code",)
    readonly_fields = ("uses", "created_at")


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin, ServiceAdmin):
    """Payments. Those that are paid, of orders that were canceled, are to be given back."""

    list_display = ("created_at", "order", "provider", "status", "amount", "currency", "paid_at")
    list_filter = ("status", "order__status", "provider")
    list_select_related = ("order",)
    search_fields = ("=order__id", "reference")
    actions = ("mark_refunded",)

    def has_settle_permission(self, request):
        return request.user.has_perm("shop.change_payment")

    @admin.action(description=_("Mark as given back"), permissions=["settle"])
    def mark_refunded(self, request, queryset):
        told = ngettext_lazy("%d payment changed.", "%d payments changed.")
        self.each(request, queryset, lambda one: services.mark_refunded(by=request.user, order_id=one.order_id), told)


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnlyAdmin):
    """What payment providers told us. What is not done needs a look."""

    list_display = ("created_at", "provider", "kind", "payment", "amount", "currency", "outcome")
    list_filter = ("outcome", "provider")
    list_select_related = ("payment",)
    search_fields = ("event_id",)


class GrantForm(forms.ModelForm):
    """Credits as a gift."""

    note = forms.CharField(label=capfirst(_("note")), required=False, max_length=200, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = CreditLot
        fields = ("user", "granted", "expires_at")


@admin.register(CreditLot)
class CreditLotAdmin(ServiceAdmin):
    """Lesson credits. Packs grant them by themselves; a new one here is a gift."""

    form = GrantForm
    list_display = ("created_at", "user", "granted", "remaining", "expires_at", "order_item")
    list_select_related = ("user", "order_item")
    search_fields = ("user__username", "user__email")
    autocomplete_fields = ("user",)

    def save_model(self, request, lot, form, change):
        values = form.cleaned_data
        granted = services.grant_credits(
            by=request.user, user=values["user"], credits=values["granted"], expires_at=values["expires_at"], note=values["note"]
        )
        lot.pk = granted.pk

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(CreditEntry)
class CreditEntryAdmin(ReadOnlyAdmin):
    """How credits came and went."""

    list_display = ("created_at", "user", "kind", "change", "by", "note")
    list_filter = ("kind",)
    list_select_related = ("user", "by")
    search_fields = ("user__username", "user__email", "note")
