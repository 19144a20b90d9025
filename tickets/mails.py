"""The mails about a ticket.

All of them answer the same Message-ID, which no mail has itself: so mail programs show them as a thread.
"""

from dataclasses import replace

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from notifications.mails import notification
from notifications.messages import Message, message, one_line
from notifications.services import message_id_of
from tickets.models import Answer

ANSWERED = "tickets.answered"
STATUS_SET = "tickets.status_set"


@message(ANSWERED)
def ticket_answered(delivery):
    """The ticket's message, the reply and the link. None where support has made the reply a note of its own since."""
    answer = Answer.objects.select_related("ticket").filter(pk=delivery.context["answer"], internal=False).first()
    if answer is None:
        return None
    ticket = answer.ticket
    values = {
        "subject": one_line(_("Reply to your ticket #%(number)s: %(topic)s") % {"number": ticket.pk, "topic": ticket.topic}),
        "ticket": ticket,
        "answer": answer,
        "link": f"{settings.SITE_URL}/api/ticket/{ticket.pk}",
    }
    return Message(
        subject=values["subject"],
        text=render_to_string("tickets/answered.txt", values),
        html=render_to_string("tickets/answered.html", values),
        headers=_thread_of(ticket.pk),
    )


@message(STATUS_SET)
def ticket_status_set(delivery):
    """What the notification says."""
    told = notification(delivery)
    return told and replace(told, headers=_thread_of(delivery.context["ticket"]))


def _thread_of(ticket_id):
    thread = message_id_of(f"ticket:{ticket_id}")
    return {"In-Reply-To": thread, "References": thread}
