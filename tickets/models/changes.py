"""How tickets got where they stand."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.triggers import Trigger
from tickets.models.tickets import Status, Ticket


class StatusChangeQuerySet(models.QuerySet):
    """The history of tickets, and who may see it."""

    def visible_to(self, user):
        """Whoever may see the ticket."""
        return self if user.is_staff else self.filter(ticket__user_id=user.pk)


class StatusChange(models.Model):
    """That a ticket's status changed: a trigger writes it, whoever changed it, and nobody rewrites it.

    `user` is null where the database was written to by hand, without a name.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="status_changes", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    from_status = models.CharField(_("from"), max_length=1, choices=Status)
    to_status = models.CharField(_("to"), max_length=1, choices=Status)
    changed_at = models.DateTimeField(_("changed"), db_default=Now())

    objects = StatusChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")
        ordering = ("-id",)
        indexes = (models.Index(fields=["ticket", "-id"], name="status_change_of_ticket"),)
        constraints = (
            models.CheckConstraint(
                name="status_change_known", condition=Q(from_status__in=Status.values, to_status__in=Status.values)
            ),
        )
        triggers = (
            Trigger(
                name="keep_forever",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                    RAISE EXCEPTION 'history is not rewritten'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_history_fixed';
                """,
            ),
        )

    def __str__(self):
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"
