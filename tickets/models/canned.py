"""What support says again and again."""

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import default_language

_KNOWN = r"\{(first_name|ticket_id|subject|agent)\}"


class _WithoutPlaceholders(Func):
    """A text without what will be filled in: the braces that are left stand for nothing that there is."""

    function = "REGEXP_REPLACE"
    output_field = models.TextField()

    def __init__(self, text):
        super().__init__(text, Value(_KNOWN), Value(""), Value("g"))


class CannedReplyQuerySet(models.QuerySet):
    """Which replies there are, and in which language."""

    def in_language(self, language):
        """One for each title: in this language where there is one, else in the service's own, else in any."""
        by_choice = models.Case(
            models.When(language=language, then=0), models.When(language=settings.LANGUAGE_CODE, then=1), default=2
        )
        return self.order_by("title", by_choice, "language").distinct("title")


class CannedReply(models.Model):
    """A reply that support need not type. The same title in another language is the same reply for other customers."""

    title = models.CharField(_("title"), max_length=100)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default=default_language)
    text = models.TextField(
        _("text"),
        max_length=5_000,
        help_text=_("Filled in for each ticket: {first_name}, {ticket_id}, {subject}, {agent}."),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        ordering = ("title", "language")
        constraints = (
            models.UniqueConstraint(
                fields=["title", "language"],
                name="canned_reply_unique",
                violation_error_message=_("There is a reply of this title in this language."),
            ),
            models.CheckConstraint(
                name="canned_reply_placeholders_known",
                condition=~models.Q(models.lookups.Regex(_WithoutPlaceholders(F("text")), r"[{}]")),
                violation_error_message=_(
                    "Braces stand around placeholders only: {first_name}, {ticket_id}, {subject}, {agent}."
                ),
            ),
        )

    def __str__(self):
        return f"{self.title} ({self.get_language_display()})"

    def fill_in(self, *, ticket, agent):
        """The text for one ticket, in the words of somebody of support. What customers wrote is never filled in again."""
        values = {
            "first_name": ticket.user.get_short_name(),
            "ticket_id": str(ticket.pk),
            "subject": ticket.topic,
            "agent": agent.get_full_name(),
        }
        return self.text.format_map(values)
