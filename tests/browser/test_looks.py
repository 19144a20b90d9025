"""What can be seen: contrast, fields and words in one piece, on a light page, a dark one, and without scripts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from scheduling.services import book_meeting, create_slot
from shop.models import Product
from shop.services import place_order
from tests.browser.conftest import WIDTHS, ZONE
from tests.conftest import PASSWORD
from tests.desk.conftest import week_of
from tickets.models import Answer, CannedReply
from tickets.services import open_ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Of small print: how much it stands out from the page, by WCAG's formula, with the opacity of what it stands in.
CONTRASTS = """() => {
    const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgb = color => {
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = color => color.map(part => part / 255)
        .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
        .reduce((sum, part, place) => sum + part * [.2126, .7152, .0722][place], 0);
    const behind = rgb(getComputedStyle(document.body).backgroundColor);
    return [...document.querySelectorAll(".desk small, .desk time")].filter(one => one.checkVisibility()).map(one => {
        let opacity = 1;
        for (let above = one; above; above = above.parentElement) opacity *= getComputedStyle(above).opacity;
        const ink = rgb(getComputedStyle(one).color).map((part, place) => part * opacity + behind[place] * (1 - opacity));
        const [dark, bright] = [light(ink), light(behind)].sort((one, other) => one - other);
        return (bright + .05) / (dark + .05);
    });
}"""
# The lines that each button's words take.
LINES = """() => [...document.querySelectorAll(".desk-week button")].map(button => {
    const words = document.createRange();
    words.selectNodeContents(button);
    return new Set([...words.getClientRects()].map(one => one.top)).size;
})"""


@pytest.fixture
def ticket(alice):
    return open_ticket(by=alice, message="My printer is on fire", subject="Fire")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_small_print_can_be_read(visitor, tim, ticket, scheme):
    window = visitor(tim, scheme=scheme)
    for path in ("/admin/", f"/admin/desk/tickets/{ticket.pk}/", "/admin/desk/tickets/?show=all"):
        page = window.open(path)
        page.wait_for_load_state("networkidle")
        contrasts = page.evaluate(CONTRASTS)
        assert contrasts, path
        assert min(contrasts) >= 4.5, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_browser_draws_is_dark_on_a_dark_page(visitor, tim, scheme):
    field = visitor(tim, scheme=scheme).open("/admin/desk/week/").get_by_label("Week of")

    assert ("dark" in field.evaluate("field => getComputedStyle(field).colorScheme")) == (scheme == "dark")


def test_no_button_of_the_week_breaks_a_word(visitor, tim, alice):
    start = (timezone.now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    slot = create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1))
    book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
    page = visitor(tim, language="ru").open(week_of(slot, ZONE))

    expect(page.get_by_role("button", name="Подтвердить")).to_be_visible()
    assert set(page.evaluate(LINES)) == {1}


def test_every_field_of_a_form_has_a_frame(visitor, tim):
    page = visitor(tim).open("/admin/shop/creditlot/add/")

    expect(page.get_by_label("Note")).not_to_have_css("border-top-width", "0px")


def test_a_time_stands_in_one_line_of_a_list(visitor, tim):
    page = visitor(tim).open("/admin/accounts/user/")

    expect(page.locator("#result_list tbody .field-created_at").first).to_have_css("white-space", "nowrap")


def test_a_long_name_of_a_product_hides_no_number(visitor, tim, alice):
    product = Product.objects.create(name="w" * 90, amount=5, price="2.50")
    order = place_order(by=alice, address="1 Main Street", phone="+48123666789", items=[{"product_id": product.pk, "amount": 2}])
    page = visitor(tim, width="phone").open(f"/admin/shop/order/{order.pk}/change/")

    assert page.locator("#items-data").bounding_box()["width"] < WIDTHS["phone"]


def test_without_scripts_the_desk_works(visitor, sue, ticket):
    CannedReply.objects.create(title="Water", text="Use water on #{ticket_id}.")
    page = visitor(scripts=False).open(f"/admin/desk/tickets/{ticket.pk}/")
    page.fill("#id_username", "sue@example.com")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.get_by_role("button", name="Insert").click()
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_text("The answer is on its way.")).to_be_visible()
    assert Answer.objects.get().message == f"Use water on #{ticket.pk}."
