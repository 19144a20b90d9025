"""What was said about a ticket."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.signs import VISIBLE
from config.triggers import Trigger
from tickets.models.tickets import MESSAGE_LENGTH, Ticket


class AnswerQuerySet(models.QuerySet):
    """Which answers there are, and who may see them."""

    def visible_to(self, user):
        """Support sees all answers, everybody else those to their own tickets; never support's notes to itself."""
        return self if user.is_staff else self.filter(ticket__user_id=user.pk, internal=False)


class Answer(models.Model):
    """One word in the conversation about a ticket: its owner's or support's. `internal` ones are support's own notes."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="answers", db_index=False, verbose_name=_("ticket"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="answers", db_index=False, verbose_name=_("author")
    )
    message = models.TextField(_("message"), max_length=MESSAGE_LENGTH)
    internal = models.BooleanField(
        _("internal"), default=False, db_default=False, help_text=_("A note that customers never see.")
    )
    answered_at = models.DateTimeField(_("answered"), db_default=Now(), editable=False)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["ticket", "-id"], name="answer_to_ticket"),
            models.Index(fields=["ticket", "-id"], name="answer_public", condition=Q(internal=False), include=["user"]),
        )
        constraints = (models.CheckConstraint(name="answer_has_message", condition=Q(message__regex=VISIBLE)),)
        triggers = (
            Trigger(
                name="speak",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("ticket_id", "user_id", "message", "internal") | pgtrigger.Delete,
                # In the order of docs/locking.md: people, the ticket, its words. Two who answer at once queue at the ticket,
                # and the second one sees the first one's answer: the newest word decides, not the last transaction.
                declare=[("about", "tickets_ticket%ROWTYPE"), ("said", "tickets_answer%ROWTYPE"), ("spoke", "bigint")],
                func="""
                    IF TG_OP = 'DELETE' THEN said := OLD; ELSE said := NEW; END IF;
                    IF TG_OP = 'UPDATE' AND OLD.ticket_id <> NEW.ticket_id THEN
                        RAISE EXCEPTION 'an answer stays with its ticket'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_stays_with_ticket';
                    END IF;
                    PERFORM FROM accounts_user
                        WHERE id IN (said.user_id, (SELECT user_id FROM tickets_ticket WHERE id = said.ticket_id))
                        ORDER BY id FOR KEY SHARE;
                    SELECT * INTO about FROM tickets_ticket WHERE id = said.ticket_id FOR NO KEY UPDATE;
                    IF TG_OP = 'INSERT' AND said.user_id = about.user_id
                        AND EXISTS (SELECT FROM accounts_user WHERE id = about.user_id AND closed_at IS NOT NULL) THEN
                        RAISE EXCEPTION 'nobody speaks by a closed account'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_owner_is_open';
                    END IF;
                    IF said.internal AND TG_OP = 'INSERT' THEN
                        PERFORM tickets_index_answer(about.id, about.awaiting, said.message, true);
                        RETURN NULL;
                    END IF;
                    SELECT user_id INTO spoke FROM tickets_answer
                        WHERE ticket_id = about.id AND NOT internal ORDER BY id DESC LIMIT 1;
                    about.awaiting := CASE
                        WHEN coalesce(spoke, about.user_id) = about.user_id
                            AND (about.status <> 'c' OR spoke IS NOT NULL) THEN 'support'
                        WHEN about.status = 'c' THEN NULL
                        ELSE 'customer' END;
                    IF TG_OP = 'INSERT' THEN
                        PERFORM tickets_index_answer(about.id, about.awaiting, said.message, false);
                    ELSIF EXISTS (SELECT FROM tickets_searchtext WHERE ticket_id = about.id) THEN
                        -- Whoever changes all answers takes the row away before, and has it written once, not for each
                        -- answer from all of them (tickets.services.forget_user).
                        PERFORM tickets_index(about.id);
                    END IF;
                    UPDATE tickets_ticket SET awaiting = about.awaiting
                        WHERE id = about.id AND awaiting IS DISTINCT FROM about.awaiting;
                    RETURN NULL;
                """,
            ),
        )

    def __str__(self):
        return f"#{self.pk}"
