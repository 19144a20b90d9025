"""Staff's door to the shop: the same services, the same rules."""

import pytest
from django.contrib.admin.utils import flatten_fieldsets
from django.test import Client

from shop.errors import VoucherUsedUp
from shop.models import Category, CreditLot, Order, Payment, Product, StockEntry, Voucher
from shop.services import start_payment
from tests.shop.conftest import image

pytestmark = pytest.mark.django_db
TERMS = {"description": "", "currency": "EUR", "is_active": "on", "credits": "0"}


@pytest.fixture
def office(tim):
    page = Client()
    page.force_login(tim)
    return page


def act(office, page, action, *rows):
    body = {"action": action, "_selected_action": [row.pk for row in rows]}
    return office.post(f"/admin/shop/{page}/", body, follow=True).content.decode()


def test_all_pages_are_shown(office, alice, tim, stocked, bought, voucher):
    voucher(percent=10)
    category = Category.objects.create(name="Paper")
    order = bought(alice, (stocked("Pack", credits=2, category=category), 1), voucher="SALE")
    start_payment(by=alice, order_id=order.pk)
    act(office, "order", "complete", order)

    for page in (
        "category", "product", "stockentry", "order", "voucher", "payment", "paymentevent", "creditlot", "creditentry",
    ):  # fmt: skip
        assert office.get(f"/admin/shop/{page}/").status_code == 200
        assert office.get(f"/admin/shop/{page}/?q=a").status_code == 200
    for model in (Category, Product, StockEntry, Order, Voucher, Payment, CreditLot):
        page = f"/admin/shop/{model._meta.model_name}/{model.objects.first().pk}/change/"
        assert office.get(page).status_code == 200


def test_a_product_is_put_on_sale_with_its_picture_and_first_stock(office, tim, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    office.post(
        "/admin/shop/product/add/", TERMS | {"name": "Pen", "price": "2.50", "amount": "7", "picture": image(name="a.png")}
    )

    product = Product.objects.get()
    assert (product.amount, product.picture.name[-4:]) == (7, ".png")
    assert list(StockEntry.objects.values_list("change", "reason", "by")) == [(7, "delivery", tim.pk)]
    page = f"/admin/shop/product/{product.pk}/change/"
    office.post(page, TERMS | {"name": "Pen", "price": "2.50", "picture-clear": "on"})
    assert Product.objects.get().picture == ""


def test_a_picture_that_comes_with_a_stock_that_cannot_be_leaves_nothing(office, tim, stocked, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    pen = stocked("Pen", amount=7)
    wanted = {"name": "Pen", "price": "2.50", "picture": image(name="a.png"), "stock_change": "-8", "stock_reason": "correction"}

    told = office.post(f"/admin/shop/product/{pen.pk}/change/", TERMS | wanted, follow=True).content.decode()

    assert "There are not so many in stock." in told
    pen.refresh_from_db()
    assert (pen.amount, pen.picture.name) == (7, "")
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_stock_is_changed_by_an_entry(office, tim, stocked):
    page = f"/admin/shop/product/{stocked('Pen', 5).pk}/change/"
    form = TERMS | {"name": "Pencil", "price": "2.50", "stock_reason": "correction", "stock_note": "broken"}

    office.post(page, form | {"stock_change": "-1", "amount": "99"})
    told = office.post(page, form | {"stock_change": "-9"}, follow=True).content.decode()

    assert "There are not so many in stock." in told
    assert list(Product.objects.values_list("name", "amount")) == [("Pencil", 4)]
    newest = StockEntry.objects.first()
    assert (newest.change, newest.reason, newest.by, newest.note) == (-1, "correction", tim, "broken")


def test_products_go_off_sale(office, alice, stocked, bought):
    sold, unsold = stocked("Sold"), stocked("Unsold")
    bought(alice, (sold, 1))

    assert "2 products taken off sale" in act(office, "product", "take_off_sale", sold, unsold)

    assert list(Product.objects.values_list("name", "is_active")) == [("Sold", False)]


def test_orders_are_completed_canceled_and_paid_and_refusals_told(office, alice, stocked, bought):
    pen = stocked("Pen")
    first, second = bought(alice, (pen, 1)), bought(alice, (pen, 1))

    assert "1 order changed" in act(office, "order", "complete", first)
    assert "2 orders changed" in act(office, "order", "mark_paid", first, second)
    told = act(office, "order", "cancel", first, second)
    assert "1 order changed" in told
    assert "completed or canceled before" in told
    assert "1 payment changed" in act(office, "payment", "mark_refunded", *Payment.objects.filter(order=second))

    assert list(Order.objects.order_by("id").values_list("status", flat=True)) == ["completed", "canceled"]
    assert list(Payment.objects.order_by("order_id").values_list("status", flat=True)) == ["paid", "refunded"]


def test_an_order_tells_what_it_costs_and_since_when(office, alice, stocked, bought, voucher):
    voucher(percent=10)
    order = bought(alice, (stocked("Pen", price="7.30"), 3), voucher="SALE")

    page = office.get(f"/admin/shop/order/{order.pk}/change/")

    assert "19.71</" in page.content.decode()
    assert {"created_at", "total"} <= set(flatten_fieldsets(page.context["adminform"].fieldsets))


def test_categories_and_vouchers(office):
    office.post("/admin/shop/category/add/", {"name": "Paper"})
    key = Category.objects.get().pk
    office.post(f"/admin/shop/category/{key}/change/", {"name": "Books"})
    assert Category.objects.get().name == "Books"
    office.post(f"/admin/shop/category/{key}/delete/", {"post": "yes"})
    assert not Category.objects.exists()

    voucher = {"code": "sale", "kind": "percent", "value": "10", "currency": "EUR", "is_active": "on"}
    office.post("/admin/shop/voucher/add/", voucher)
    refused = office.post("/admin/shop/voucher/add/", voucher | {"code": "MORE", "value": "101"})
    assert refused.status_code == 200
    assert list(Voucher.objects.values_list("code", flat=True)) == ["SALE"]


def test_a_voucher_that_is_used_while_it_is_changed_keeps_its_count(office, alice, bob, stocked, bought, voucher, monkeypatch):
    pen, page = stocked("Pen"), f"/admin/shop/voucher/{voucher(percent=10, max_uses=1).pk}/change/"
    clean = Voucher.clean

    def use(self):  # between reading and saving
        clean(self)
        bought(alice, (pen, 1), voucher="SALE")

    monkeypatch.setattr(Voucher, "clean", use)
    form = {"code": "SALE", "kind": "percent", "value": "20", "currency": "EUR", "is_active": "on", "max_uses": "1"}
    assert office.post(page, form).status_code == 302

    assert list(Voucher.objects.values_list("value", "uses")) == [(20, 1)]
    with pytest.raises(VoucherUsedUp):
        bought(bob, (pen, 1), voucher="SALE")


def test_credits_are_given(office, alice, tim):
    office.post("/admin/shop/creditlot/add/", {"user": alice.pk, "granted": "3", "note": "a trial"})

    lot = CreditLot.objects.get()
    assert (lot.user, lot.remaining) == (alice, 3)
    assert list(lot.entries.values_list("by", "note")) == [(tim.pk, "a trial")]


def test_support_without_rights_sees_nothing(sue, stocked):
    page = Client()
    page.force_login(sue)

    assert page.get("/admin/shop/product/").status_code == 403
    assert page.get("/admin/shop/order/").status_code == 403
