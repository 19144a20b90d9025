"""The message that any notification becomes by e-mail or SMS, unless its app writes one of its own."""

from django.conf import settings

from notifications.messages import Message, letter, message
from notifications.models import Channel

NOTIFICATION = "notification"


@message(NOTIFICATION)
def notification(delivery):
    """The notification's own words, and a link to what it is about."""
    told = delivery.notification
    if told is None:
        return None
    link = settings.SITE_URL + told.link if told.link else ""
    if delivery.channel == Channel.SMS:
        return Message(subject="", text="\n".join(filter(None, (told.title, told.message, link))))
    return letter(subject=told.title, paragraphs=told.message.split("\n\n"), link=link)
