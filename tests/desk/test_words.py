"""What the staff's pages say in other languages than English."""

import pytest
from django.utils.html import escape

from accounts.models import DELETED_USER
from accounts.services import close_account
from shop.services import mark_paid
from tickets.services import answer_ticket


@pytest.fixture
def russian(at_desk, tim):
    """`russian(path)`: a page as tim reads it."""
    client = at_desk(tim)
    return lambda path: client.get(path, headers={"Accept-Language": "ru"}).content.decode()


def test_a_ticket_names_who_owes_the_next_word(russian, sue, ticket):
    assert "Кто должен ответить: поддержка" in russian(f"/admin/desk/tickets/{ticket.pk}/")

    answer_ticket(by=sue, ticket_id=ticket.pk, message="Use water.")

    assert "Кто должен ответить: клиент" in russian(f"/admin/desk/tickets/{ticket.pk}/")


def test_a_ticket_s_page_has_all_of_its_subject(russian, ticket):
    ticket.subject = "The printer on the second floor " * 6
    ticket.save(update_fields=["subject"])

    assert escape(ticket.subject.strip()) in russian(f"/admin/desk/tickets/{ticket.pk}/")


def test_money_is_no_number_of_pieces(russian, tim, order):
    mark_paid(by=tim, order_id=order.pk)

    page = russian(f"/admin/shop/order/{order.pk}/change/")

    assert "Сумма" in page
    assert "5.00 EUR оплачено" in page


def test_who_closed_their_account_is_named_in_the_reader_s_language(russian, tim, alice, ticket, order):
    close_account(by=tim, user=alice)

    for path in ("/admin/desk/tickets/?show=all", "/admin/desk/orders/", "/admin/desk/orders/packing/"):
        page = russian(path)
        assert "удалённая учётная запись" in page, path
        assert DELETED_USER not in page, path


@pytest.mark.parametrize(
    ("path", "status", "words"), [("/admin/desk/tickets/0/", 404, "Не найдено."), ("/admin/desk/jobs/", 403, "нет прав")]
)
def test_what_is_refused_is_a_page_in_the_reader_s_language(at_desk, sue, path, status, words):
    answer = at_desk(sue).get(path, headers={"Accept-Language": "ru"})
    page = answer.content.decode()

    assert answer.status_code == status
    assert words in page
    assert '<html lang="ru">' in page
    assert "<title>" in page
    assert not any(english in page for english in ("Not Found", "Forbidden"))


@pytest.mark.parametrize(
    ("cookie", "origin", "words"),
    [
        ("another" * 4 + "four", "http://testserver", "Вы вошли заново"),
        (None, "http://testserver", "cookie"),
        ("a" * 32, "https://elsewhere.example", "cookie"),
    ],
    ids=["signed in again", "no cookies", "another address"],
)
def test_a_form_that_is_not_taken_says_why(client, sue, ticket, cookie, origin, words):
    client.handler.enforce_csrf_checks = True
    client.force_login(sue, backend="accounts.backends.IdentifierBackend")
    if cookie:
        client.cookies["csrftoken"] = cookie
    told = {"Accept-Language": "ru", "Origin": origin}

    answer = client.post(f"/admin/desk/tickets/{ticket.pk}/", {"csrfmiddlewaretoken": "a" * 32}, headers=told)

    page = answer.content.decode()
    assert answer.status_code == 403
    assert [one for one in ("Вы вошли заново", "cookie") if one in page] == [words]
    assert "DEBUG" not in page
