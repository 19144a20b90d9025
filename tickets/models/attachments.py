"""Files that came with a ticket or an answer."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.triggers import Trigger
from tickets.files import FOLDER, MOST_FILES
from tickets.models.answers import Answer
from tickets.models.tickets import Ticket


class AttachmentQuerySet(models.QuerySet):
    """Which attachments there are, and who may see them."""

    def visible_to(self, user):
        """Whoever may see the ticket and, where it came with one, the answer."""
        if user.is_staff:
            return self
        return self.filter(Q(answer=None) | Q(answer__internal=False), ticket__user_id=user.pk)


class Attachment(models.Model):
    """A file of a ticket's message, or of one of its answers. `content_type` is what its bytes say, not its sender."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="attachments", db_index=False)
    answer = models.ForeignKey(Answer, models.PROTECT, null=True, blank=True, related_name="attachments", db_index=False)
    position = models.PositiveSmallIntegerField(help_text=_("1 to 5, as they were sent."))
    file = models.FileField(_("file"), upload_to=FOLDER, max_length=200)
    name = models.CharField(_("name"), max_length=200, help_text=_("As its sender called it."))
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    created_at = models.DateTimeField(_("created"), db_default=Now())

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("id",)
        constraints = (
            # Together: no message has more than five. PostgreSQL 15 and later compare nulls here as equals.
            models.UniqueConstraint(
                fields=["ticket", "answer", "position"], name="attachment_place_unique", nulls_distinct=False
            ),
            models.CheckConstraint(name="attachment_place_known", condition=Q(position__gte=1, position__lte=MOST_FILES)),
            models.UniqueConstraint(fields=["file"], name="attachment_file_unique"),
        )
        triggers = (
            # Who may see a file follows from both, so they must belong together.
            Trigger(
                name="keep_with_answer",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("ticket_id", "answer_id"),
                condition=pgtrigger.Q(new__answer__isnull=False),
                func="""
                    IF NOT EXISTS (SELECT FROM tickets_answer WHERE id = NEW.answer_id AND ticket_id = NEW.ticket_id) THEN
                        RAISE EXCEPTION 'the answer is to another ticket'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'attachment_answer_is_tickets';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self):
        return self.name
