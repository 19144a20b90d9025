"""What people were told, what is on its way to them, and what they want to be told.

A row of `Delivery` that waits has a job of the queue beside it: a trigger defers the job in the transaction that writes
the row, so that neither exists without the other, whoever writes.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.triggers import Trigger

DELIVER_TASK = "notifications.deliver"


class Type(models.TextChoices):
    """What a notification is about."""

    NEW_RESERVATION = "new_reservation", _("new reservation")
    RESERVATION_CONFIRMED = "reservation_confirmed", _("reservation confirmed")
    RESERVATION_CANCELED = "reservation_canceled", _("reservation canceled")
    REMINDER = "reminder", _("reminder")
    SYSTEM = "system", _("system")
    TICKET_ANSWERED = "ticket_answered", _("ticket answered")
    TICKET_STATUS = "ticket_status", _("ticket status")
    ORDER_PLACED = "order_placed", _("order placed")
    ORDER_COMPLETED = "order_completed", _("order completed")
    ORDER_CANCELED = "order_canceled", _("order canceled")
    ACCOUNT = "account", _("account security")


class Channel(models.TextChoices):
    """How a notification reaches somebody."""

    IN_APP = "in_app", _("in the app")
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("SMS")


class NotificationQuerySet(models.QuerySet):
    """Which notifications there are, and who may see them."""

    def visible_to(self, user):
        """Everybody, administrators included, sees their own; not those that they asked not to be shown."""
        return self.filter(user_id=user.pk, in_app=True)

    def unread(self):
        """Those not yet marked as read."""
        return self.filter(is_read=False)


class Notification(models.Model):
    """Something that one person was told. `key` says what caused it: the same cause never tells them twice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications", db_index=False)
    meeting = models.ForeignKey(
        "scheduling.Meeting", models.SET_NULL, null=True, blank=True, related_name="notifications", db_index=False
    )
    title = models.CharField(_("title"), max_length=100)
    message = models.TextField(_("message"))
    type = models.CharField(_("type"), max_length=50, choices=Type)
    is_read = models.BooleanField(_("read"), db_default=False)
    in_app = models.BooleanField(_("shown"), db_default=True, help_text=_("False where the person wants this type by mail only."))
    link = models.CharField(max_length=200, blank=True, db_default="", help_text=_("Path of what it is about."))
    key = models.CharField(max_length=150)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["user", "-id"], name="notification_of_user"),
            models.Index(fields=["user"], condition=Q(is_read=False, in_app=True), name="notification_unread"),
            # For the other side's notifications when an account is closed.
            models.Index(fields=["meeting"], condition=Q(meeting__isnull=False), name="notification_of_meeting"),
        )
        constraints = (
            models.UniqueConstraint(fields=["user", "key"], name="notification_key_unique"),
            models.CheckConstraint(name="notification_type_known", condition=Q(type__in=Type.values)),
            # A path of our own: no link leads to somebody else's site, and none is a script.
            models.CheckConstraint(name="notification_link_is_path", condition=Q(link="") | Q(link__regex=r"^/([^/\\]|$)")),
        )

    def __str__(self):
        return self.title


class DeliveryQuerySet(models.QuerySet):
    """The outbox."""

    def queued(self):
        """Those whose message is still to be sent."""
        return self.filter(status=Delivery.Status.QUEUED)

    def failed(self):
        """Those that were given up."""
        return self.filter(status=Delivery.Status.FAILED)


class Delivery(models.Model):
    """One message to one address. The address is that of the moment in which it was written.

    The text is rendered by the job that sends it, from `kind` and `context`, so that no secret is stored here.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        CANCELED = "canceled", _("canceled")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="deliveries")
    notification = models.ForeignKey(Notification, models.CASCADE, null=True, blank=True, related_name="deliveries")
    channel = models.CharField(_("channel"), max_length=10, choices=[c for c in Channel.choices if c[0] != Channel.IN_APP])
    to = models.CharField(_("to"), max_length=254)
    kind = models.CharField(_("kind"), max_length=100, help_text=_("Name of the renderer."))
    context = models.JSONField(default=dict, blank=True, help_text=_("What the renderer needs: ids, no secrets."))
    language = models.CharField(max_length=5)
    status = models.CharField(_("status"), max_length=10, choices=Status, db_default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("tries"), db_default=0)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, db_default="")
    key = models.CharField(max_length=200)
    message_id = models.CharField(max_length=320, help_text=_("The same at every try, so that a repetition can be told."))
    created_at = models.DateTimeField(_("created"), db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["-id"], condition=Q(status="queued"), name="delivery_queued"),
            models.Index(fields=["-id"], condition=Q(status="failed"), name="delivery_failed"),
            models.Index(fields=["created_at"], name="delivery_age"),
        )
        constraints = (
            models.UniqueConstraint(fields=["key"], name="delivery_key_unique"),
            models.UniqueConstraint(fields=["message_id"], name="delivery_message_id_unique"),
            models.CheckConstraint(name="delivery_channel_known", condition=Q(channel__in=["email", "sms"])),
            models.CheckConstraint(
                name="delivery_status_known", condition=Q(status__in=["queued", "sent", "failed", "canceled"])
            ),
            models.CheckConstraint(name="delivery_has_address", condition=~Q(to="")),
            models.CheckConstraint(
                name="delivery_sent_has_time",
                condition=Q(status="sent", sent_at__isnull=False) | (~Q(status="sent") & Q(sent_at=None)),
            ),
        )
        triggers = (
            Trigger(
                name="defer_job",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("status"),
                condition=pgtrigger.Q(new__status="queued"),
                # A job as procrastinate 3.10 defers it, with all else by the defaults of its table: its function for that takes
                # and gives lists, which costs 30 µs more. tests/notifications/test_notify.py holds the two equal.
                # People wait for codes and resets: what has no notification goes before the rest. Updates of invitations and mail
                # to an address just left go along, as they are few.
                func=f"""
                    IF TG_OP = 'INSERT' OR OLD.status <> 'queued' THEN
                        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args) VALUES (
                            'default', '{DELIVER_TASK}', CASE WHEN NEW.notification_id IS NULL THEN 10 ELSE 0 END,
                            jsonb_build_object('delivery_id', NEW.id)
                        );
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 (a name of our own)
            ),
        )

    def __str__(self):
        return f"{self.kind} → {self.to}"


class Preference(models.Model):
    """Whether somebody wants a type of notification by a channel. Without a row, the default holds."""

    # SMS costs money at every message, so whoever wants them says so. In the app and by e-mail people hear of everything.
    DEFAULTS = {Channel.IN_APP: True, Channel.EMAIL: True, Channel.SMS: False}
    REQUIRED = frozenset({(Type.ACCOUNT, Channel.IN_APP), (Type.ACCOUNT, Channel.EMAIL)})

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=50, choices=Type)
    channel = models.CharField(max_length=10, choices=Channel)
    enabled = models.BooleanField()

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = (
            models.UniqueConstraint(fields=["user", "type", "channel"], name="preference_unique"),
            models.CheckConstraint(name="preference_type_known", condition=Q(type__in=Type.values)),
            models.CheckConstraint(name="preference_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(
                name="preference_security_required",
                condition=~Q(type="account", channel__in=["in_app", "email"], enabled=False),
            ),
        )

    def __str__(self):
        return f"{self.type} {self.channel}: {'on' if self.enabled else 'off'}"
