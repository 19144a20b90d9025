"""One row of everything, made by the services: what the routes are tried on, what is verified, backed up and restored."""

from datetime import time, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Session
from accounts.services import start_session
from notifications.models import Notification
from notifications.services import notify
from scheduling import services as scheduling
from shop import services as shop
from shop.models import Category, Product
from tickets import services as tickets


def world(*, alice, sue, tim):
    """What stands for each parameter of a path, `tickets/pk`: the keys of rows that alice has, or that anybody may see."""
    start_session(user=alice)
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    slots = [
        scheduling.create_slot(by=tim, start_time=start + timedelta(hours=n), end_time=start + timedelta(hours=n + 1))
        for n in (0, 2)
    ]
    rule = scheduling.add_rule(by=tim, weekday=1, start_time=time(9), end_time=time(12), slot_minutes=60)
    off = scheduling.add_exception(by=tim, date=(start + timedelta(days=9)).date(), kind="off")
    meeting = scheduling.book_meeting(by=alice, time_slot_id=slots[0].pk, subject="Algebra")
    category, _ = Category.objects.get_or_create(name="Paper")
    product = Product.objects.create(name="Pen", amount=10, price="2.50")
    order = shop.place_order(
        by=alice, address="1 Main Street", phone="+48123666789", items=[{"product_id": product.pk, "amount": 1}]
    )
    ticket = tickets.open_ticket(by=alice, message="Help", files=[SimpleUploadedFile("a.txt", b"hello", "text/plain")])
    answer = tickets.answer_ticket(by=sue, ticket_id=ticket.pk, message="Gladly")
    notify(user=alice, type="system", title="Hello", message="Welcome", key=f"matrix-{alice.pk}")
    return {
        "users/id": alice.pk,
        "users/pk": alice.pk,
        "sessions/pk": Session.objects.filter(user=alice).first().pk,
        "notifications/pk": Notification.objects.filter(user=alice).first().pk,
        "calendar/token": scheduling.create_feed(by=alice),
        "exceptions/pk": off.pk,
        "availability/pk": rule.pk,
        "timeslots/pk": slots[1].pk,
        "meetings/pk": meeting.pk,
        "products/pk": product.pk,
        "categories/pk": category.pk,
        "orders/pk": order.pk,
        "orders/order": order.pk,
        "webhooks/provider": "stripe",
        "tickets/pk": ticket.pk,
        "ticket/pk": ticket.pk,
        "answers/pk": answer.pk,
        "comment/pk": answer.pk,
        "attachments/pk": ticket.attachments.get().pk,
    }
