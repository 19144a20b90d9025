"""Every page in both widths and each language: nothing complains, nothing sticks out, nothing loads from elsewhere.

With `--screenshots FOLDER` (`make screenshots`) a picture of each is kept, to be looked at.
"""

import re
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from accounts.services import start_session
from notifications.models import Delivery
from scheduling.models import Meeting
from scheduling.services import book_meeting, confirm_meeting, create_slot
from shop.models import Order, Product
from shop.services import change_stock, complete_order, mark_paid, place_order
from tests.browser.conftest import WIDTHS
from tickets.models import Answer, CannedReply, Ticket
from tickets.services import answer_ticket, change_ticket, open_ticket, set_status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PAGES = {
    "home": "/admin/",
    "tickets": "/admin/desk/tickets/",
    "ticket": "/admin/desk/tickets/{ticket}/",
    "week": "/admin/desk/week/",
    "orders": "/admin/desk/orders/",
    "settle": "/admin/desk/orders/{order}/complete/",
    "packing": "/admin/desk/orders/packing/",
    "stock": "/admin/desk/stock/",
    "ledger": "/admin/desk/stock/{product}/",
    "jobs": "/admin/desk/jobs/",
    "users": "/admin/accounts/user/",
    "user": "/admin/desk/users/{user}/",
    "close": "/admin/desk/users/{user}/close/",
    "account": "/admin/accounts/user/{user}/change/",
    "order": "/admin/shop/order/{order}/change/",
    "product": "/admin/shop/product/{product}/change/",
    "history": "/admin/tickets/ticket/{ticket}/history/",
    "meetings": "/admin/scheduling/meeting/",
    "docs": "/api/docs/",
}


SMUGGLE = """() => {
    const place = document.createElement("div");
    place.innerHTML = "<img src='/static/desk/icon.svg' onload='document.title = 1'>";
    const script = document.createElement("script");
    script.text = "document.title = 2";
    document.body.append(place, script);
}"""


@pytest.fixture
def busy_day(alice, bob, vera, sue, tim):
    """A day with something of everything, and what stands for each name in a page's path."""
    for user in (alice, bob, vera, sue, tim):
        user.language = "ru"
        user.save()
    tickets = [
        open_ticket(by=one, message=words, subject=subject)
        for one, words, subject in (
            (alice, "My printer is on fire.\n\nWhat now?", "Fire"),
            (bob, "The invoice of October names the wrong company; can it be written anew?", "Invoice"),
            (
                vera,
                "https://example.com/" + "a-very-long-address-without-a-space/" * 5,
                "A link without an end",
            ),
        )
    ]
    CannedReply.objects.create(title="Fire", text="Fire, {first_name}?")
    answer_ticket(by=sue, ticket_id=tickets[0].pk, message="Use water, or sand.\nThen call us.")
    answer_ticket(by=sue, ticket_id=tickets[0].pk, message="She has the old model.", internal=True)
    answer_ticket(by=alice, ticket_id=tickets[0].pk, message="It is out. Thank you! But the paper is wet.")
    today = timezone.now().replace(minute=0, second=0, microsecond=0)
    slots = [
        create_slot(by=tim, start_time=today + timedelta(hours=hour), end_time=today + timedelta(hours=hour + 1))
        for hour in (1, 3, 24, 26)
    ]
    meetings = [
        book_meeting(by=one, time_slot_id=slot.pk, subject=subject)
        for one, slot, subject in ((alice, slots[0], "Algebra"), (bob, slots[2], "Preparation for the final examination"))
    ]
    confirm_meeting(by=tim, meeting_id=meetings[0].pk)
    pen, paper = (Product.objects.create(name=name, amount=amount, price="2.50") for name, amount in (("Pen", 90), ("Paper", 5)))
    orders = [
        place_order(
            by=one,
            address="1 Main Street, 00-950 Warszawa",
            phone="+48123666789",
            items=[{"product_id": product.pk, "amount": 2} for product in (pen, paper)],
        )
        for one in (alice, bob)
    ]
    mark_paid(by=tim, order_id=orders[0].pk)
    complete_order(by=tim, order_id=orders[1].pk)
    # The worker may have sent them already.
    Delivery.objects.filter(to="bob@example.com").update(status="failed", sent_at=None, last_error="550 no such box")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)"
            " VALUES ('spare', 'notifications.tasks.deliver', 'failed', 3), ('spare', 'shop.tasks.settle_payment', 'failed', 1)"
        )
    return {"ticket": tickets[0].pk, "order": orders[0].pk, "user": alice.pk, "product": pen.pk}


# Names, codes and what people wrote. Everything else is the service's own, and speaks the language of whoever reads it.
DATA = """alice bob vera tim sue http https Liddell Main Street Warszawa Europe Warsaw English Polski
    Frontdesk CSV API SMS mail email VIP EUR UTC CET IANA ID esc argon notification offline
    Pen Paper Fire Invoice Algebra Preparation for the final examination A link without an end no such box"""
TEXTS = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    const foreign = "script, style, template, textarea, .material-symbols-outlined, .desk-word";
    while (texts.nextNode())
        if (!texts.currentNode.parentElement.closest(foreign)) found.push(texts.currentNode.data);
    return found;
}"""


def words(text):
    return set(re.findall("[a-z_]{2,}", re.sub(r"\w+(\.\w+)+|{\w+}", "", text.lower())))  # without codes: shop.order, {agent}


WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"


def pytest_generate_tests(metafunc):
    if "language" in metafunc.fixturenames:
        every = [(width, language) for width in WIDTHS for language in ("en", "pl", "ru")]
        # Pictures are wanted of all. What sticks out does so on a phone, and with the longest words.
        some = [("phone", "ru"), ("phone", "pl"), ("desktop", "en")]
        metafunc.parametrize(("width", "language"), every if metafunc.config.getoption("--screenshots") else some)


def test_pages_are_whole(visitor, busy_day, tim, width, language, pytestconfig):
    folder = pytestconfig.getoption("--screenshots")
    stranger, staff = (visitor(user, width=width, language=language) for user in (None, tim))
    looks = [look(stranger.open("/admin/login/"), "sign-in", folder and f"{folder}/sign-in-{width}-{language}.png")]
    for name, path in PAGES.items():
        picture = folder and f"{folder}/{name}-{width}-{language}.png"
        looks.append(look(staff.open(path.format(**busy_day)), name, picture))

    check(looks, language)


def test_each_list_and_form_of_the_admin_is_whole(visitor, busy_day, tim):
    staff, looks = visitor(tim, width="phone", language="ru"), []
    reverse("admin:index")  # loads the routes, and with them what the admin has
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        page = staff.open(path)
        form = page.locator(f"a[href^='{path}add/']").count()
        looks.append(look(page, path))
        if form:
            looks.append(look(staff.open(f"{path}add/"), f"{path}add/"))

    check(looks, "ru")


def test_a_long_word_makes_no_page_wider(visitor, alice, tim):
    ticket = open_ticket(by=alice, subject="w" * 200, message="w" * 1000)
    answer_ticket(by=alice, ticket_id=ticket.pk, message="w" * 1000)
    staff = visitor(tim, width="phone")
    form = f"/admin/tickets/ticket/{ticket.pk}/change/"

    for path in ("/admin/", f"/admin/desk/tickets/{ticket.pk}/", form):
        assert not staff.open(path).evaluate(WIDER_THAN_THE_WINDOW), path
    # What is wider inside would be out of sight.
    assert staff.open(form).locator("#answers-data").bounding_box()["width"] < WIDTHS["phone"]


class Look(NamedTuple):
    """What was seen of a page: whether it sticks out, and its texts."""

    name: str
    wide: bool
    texts: list


def look(page, name, picture=None):
    page.wait_for_load_state("networkidle")
    if name == "docs":
        expect(page.locator(".opblock").first).to_be_visible()
    if picture:
        page.screenshot(path=picture, full_page=name != "docs")
    wide, texts = page.evaluate(WIDER_THAN_THE_WINDOW), page.evaluate(TEXTS)
    page.close()
    return Look(name, wide, texts)


def check(looks, language):
    # Swagger's own pages are in English, and as wide as it makes them.
    looks = [one for one in looks if one.name != "docs"]
    assert [one.name for one in looks if one.wide] == []
    if language == "ru":
        english = {text.strip() for one in looks for text in one.texts if "***" not in text and words(text) - words(DATA)}
        assert "\n".join(sorted(english)) == ""


# Of each block, its words of Latin letters and digits in their order, each with where it begins and ends.
WORDS = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), blocks = new Map();
    const place = (node, at) => {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        return range.getBoundingClientRect();
    };
    while (texts.nextNode()) {
        const node = texts.currentNode;
        let block = node.parentElement;
        if (block.closest("script, style, template, select, textarea") || !block.checkVisibility()) continue;
        while (/inline|contents/.test(getComputedStyle(block).display)) block = block.parentElement;
        if (!blocks.has(block)) blocks.set(block, []);
        for (const word of node.data.matchAll(/[A-Za-z0-9]+([.:@-][A-Za-z0-9]+)*/g)) {
            const first = place(node, word.index), last = place(node, word.index + word[0].length - 1);
            if (first.width && Math.abs(first.bottom - last.bottom) < 4)
                blocks.get(block).push({word: word[0], left: first.left, right: last.right, bottom: first.bottom});
        }
    }
    return [...blocks.values()];
}"""
NAME = "\u05de\u05e8\u05d9\u05dd"
TURNED = "\u202e\u05d0\u05d1\u05d2"  # letters from right to left, behind a sign that turns round all that follows


def turns_round(words):
    """Whether a word runs backwards, or stands left of the one before it in its line."""
    follow = [(one, next_one) for one, next_one in pairwise(words) if abs(one["bottom"] - next_one["bottom"]) < 4]
    return any(one["left"] > one["right"] for one in words) or any(one["left"] > other["left"] for one, other in follow)


def test_what_is_written_from_right_to_left_turns_nothing_round(visitor, busy_day, alice, sue, tim):
    for model, words in (
        (User, {"first_name": NAME, "last_name": NAME}),
        (Ticket, {"subject": TURNED}),
        (Answer, {"message": TURNED}),
        (Meeting, {"subject": TURNED}),
        (Order, {"address": TURNED}),
        (Product, {"name": TURNED}),
    ):
        model.objects.update(**words)
    for place, user in enumerate(User.objects.exclude(pk=tim.pk), start=1):
        User.objects.filter(pk=user.pk).update(username=NAME * place)
    change_stock(by=tim, product_id=busy_day["product"], change=-1, reason="correction", note=TURNED)
    change_ticket(by=tim, ticket_id=busy_day["ticket"], assignee_id=sue.pk)
    set_status(by=tim, ticket_id=busy_day["ticket"], status="c")
    start_session(user=alice, device=TURNED)
    staff, turned = visitor(tim), {}
    reverse("admin:index")
    lists = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
    pages = [path.format(**busy_day) for name, path in PAGES.items() if name != "docs"]
    for path in (*pages, "/admin/desk/tickets/?show=all", *lists):
        page = staff.open(path)
        turned[path] = [words for words in page.evaluate(WORDS) if turns_round(words)]
        page.close()

    assert {path: words for path, words in turned.items() if words} == {}


def test_a_script_that_is_smuggled_in_does_not_run(visitor, sue):
    """And the browser tells of it: no complaint elsewhere means that nothing was forbidden there."""
    window = visitor(sue)
    page = window.open("/admin/")
    page.evaluate(SMUGGLE)
    page.wait_for_load_state("networkidle")

    assert page.title() not in ("1", "2")
    complaints, window.complaints = window.complaints, []
    assert any("CSP: script-src-elem" in one for one in complaints)
