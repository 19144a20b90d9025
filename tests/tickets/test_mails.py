"""The mails about an answer and a change of status."""

import pytest

from notifications import delivery
from notifications.models import Delivery
from tests.conftest import make_user
from tickets import services
from tickets.models import Answer

pytestmark = pytest.mark.django_db


def html_of(mail):
    return mail.alternatives[0][0]


def test_it_is_text_and_html(ask, say, sue, run_jobs, mailoutbox, settings):
    ticket = ask("My printer\nis on fire", subject="Fire & smoke")
    say(sue, ticket, "Water\nis on its way")
    run_jobs()

    (mail,) = mailoutbox
    link = f"{settings.SITE_URL}/api/ticket/{ticket.pk}"
    assert mail.subject == f"Reply to your ticket #{ticket.pk}: Fire & smoke"
    for part in ("\tMy printer\nis on fire\n", "\tWater\nis on its way\n", link):
        assert part in mail.body
    for part in ("<p>My printer<br>is on fire</p>", "<p>Water<br>is on its way</p>", f'<a href="{link}">', "Fire &amp; smoke"):
        assert part in html_of(mail)


def test_what_people_write_is_no_markup(ask, say, sue, run_jobs, mailoutbox):
    say(sue, ask("<script>alert(1)</script>", subject="Hi\r\nBcc: eve@example.com"), "=cmd() <img src=x onerror=alert(1)>")
    run_jobs()

    (mail,) = mailoutbox
    assert "<script" not in html_of(mail)
    assert "<img" not in html_of(mail)
    assert "<script>alert(1)</script>" in mail.body
    assert "\n" not in mail.subject
    assert mail.message()["Bcc"] is None


def test_mails_about_a_ticket_are_a_thread(ask, say, sue, run_jobs, mailoutbox):
    first, other = ask("First"), ask("Second")
    for ticket in (first, first, other):
        say(sue, ticket)
    services.set_status(by=sue, ticket_id=other.pk, status="c")
    run_jobs()

    threads = [mail.extra_headers["In-Reply-To"] for mail in mailoutbox]
    assert threads[0] == threads[1] != threads[2] == threads[3]
    assert all(mail.extra_headers["References"] == mail.extra_headers["In-Reply-To"] for mail in mailoutbox)
    assert len({mail.extra_headers["Message-ID"] for mail in mailoutbox}) == 4
    assert not {mail.extra_headers["Message-ID"] for mail in mailoutbox} & set(threads)


def test_a_change_of_status_is_told_as_the_notification_says(ask, sue, run_jobs, mailoutbox, settings):
    ticket = ask(subject="Fire & smoke")
    services.set_status(by=sue, ticket_id=ticket.pk, status="c")
    run_jobs()

    (mail,) = mailoutbox
    assert mail.subject == f"Your ticket #{ticket.pk} is now closed"
    assert mail.body == f"Fire & smoke\n\n{settings.SITE_URL}/api/ticket/{ticket.pk}"
    assert "Fire &amp; smoke" in html_of(mail)


def test_it_is_in_the_owners_language(ask, say, sue, run_jobs, mailoutbox):
    say(sue, ask(by=make_user("pola", language="pl")))
    run_jobs()

    assert '<html lang="pl">' in html_of(mailoutbox[0])


def test_a_job_that_runs_again_sends_nothing_more(ask, say, sue, run_jobs, mailoutbox):
    say(sue, ask())
    run_jobs()
    delivery.deliver(Delivery.objects.get().pk)

    assert len(mailoutbox) == 1


def test_an_answer_made_a_note_meanwhile_is_not_sent(ask, say, sue, run_jobs, mailoutbox):
    answer = say(sue, ask())
    Answer.objects.filter(pk=answer.pk).update(internal=True)
    run_jobs()

    assert not mailoutbox
    assert Delivery.objects.get().status == "canceled"
