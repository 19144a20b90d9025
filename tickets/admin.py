"""The support desk, for staff. Every change goes through the services that the API calls."""

from django import forms
from django.contrib import admin
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from config.admin import ReadOnlyInline, ServiceAdmin
from tickets import services
from tickets.models import Answer, CannedReply, StatusChange, Ticket
from tickets.models.search import MOST_FOUND, Found

_MOST_ROWS = 200  # of what happened to a ticket; customers may write as much as they like


class _Newest(forms.BaseInlineFormSet):
    """The newest rows. A line below them says how many `older` ones there are; the desk's page leads to those."""

    def get_queryset(self):
        if not hasattr(self, "_newest"):
            self._newest = list(super().get_queryset()[:_MOST_ROWS])
        return self._newest

    @property
    def older(self):
        return self.queryset.count() - _MOST_ROWS if len(self.get_queryset()) == _MOST_ROWS else 0


class _NewestInline(ReadOnlyInline):
    """What happened, newest first."""

    formset = _Newest
    template_after = "tickets/older.html"
    ordering = ("-id",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")


class AnswerInline(_NewestInline):
    """The conversation, with support's own notes."""

    model = Answer
    fields = ("user", "message", "internal", "answered_at")


class StatusChangeInline(_NewestInline):
    """The history."""

    model = StatusChange
    fields = ("user", "from_status", "to_status", "changed_at")


class TicketForm(forms.ModelForm):
    """Who saw to a closed ticket and has left support since is still named, and stays so unless somebody else is chosen."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "assignee" in self.fields and self.instance.assignee_id:
            self.fields["assignee"].queryset |= User.objects.filter(pk=self.instance.assignee_id)

    def _get_validation_exclusions(self):
        # The model's field would refuse them by its limit_choices_to, changed or not.
        return super()._get_validation_exclusions() | ({"assignee"} - set(self.changed_data))


@admin.register(Ticket)
class TicketAdmin(ServiceAdmin):
    """What customers asked. They open tickets themselves, and nothing is ever erased."""

    form = TicketForm
    list_display = ("id", "about", "user", "status", "awaiting", "priority", "assignee", "created_at")
    list_display_links = ("id", "about")
    list_filter = ("status", "awaiting", "priority", "assignee")
    list_select_related = ("user", "assignee")
    search_fields = ("message",)  # shows the box; get_search_results does the search
    search_help_text = _("Words of the ticket or its answers.")
    autocomplete_fields = ("assignee",)
    fields = ("user", "subject", "message", "status", "priority", "assignee", "awaiting", "order", "meeting", "created_at")
    readonly_fields = ("user", "message", "awaiting", "order", "meeting", "created_at")
    inlines = (AnswerInline, StatusChangeInline)
    actions = ("close", "freeze", "reopen")

    @admin.display(description=_("subject"))
    def about(self, ticket):
        return ticket.topic

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        words = search_term.replace("\x00", "")[:200]
        return queryset.filter(Found(F("pk"), words, reader=None, wanted=MOST_FOUND)), False

    def save_model(self, request, ticket, form, change):
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.sort_ticket(by=request.user, ticket_id=ticket.pk, **changes)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.action(description=_("Close"), permissions=["change"])
    def close(self, request, queryset):
        self._set_status(request, queryset, "c")

    @admin.action(description=_("Freeze"), permissions=["change"])
    def freeze(self, request, queryset):
        self._set_status(request, queryset, "f")

    @admin.action(description=_("Reopen"), permissions=["change"])
    def reopen(self, request, queryset):
        self._set_status(request, queryset, "u")

    def _set_status(self, request, queryset, status):
        def service(ticket):
            services.set_status(by=request.user, ticket_id=ticket.pk, status=status)

        self.each(request, queryset, service, ngettext_lazy("%d ticket changed.", "%d tickets changed."))


@admin.register(CannedReply)
class CannedReplyAdmin(ServiceAdmin):
    """What support says again and again: its own to write, in as many languages as there are customers."""

    list_display = ("title", "language", "text")
    list_filter = ("language",)
    search_fields = ("title", "text")
    fields = ("title", "language", "text")
