"""What the admin pages of all apps share."""

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponseRedirect
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline

from config import changes, desk
from config.errors import FrontdeskError, named_constraints
from config.history import history_of
from config.keys import key_of
from config.words import name_fields

# The admin's modules are loaded once all models are.
name_fields()


class _Pages(ModelAdmin):
    """Lists of which there may be very many rows: nothing is counted for them, and a page has fifty."""

    list_per_page = 50
    show_full_result_count = False

    def response_action(self, request, queryset):
        """Django looks for whatever was ticked; what is no key, which no page of ours sends, is a 400 and no crash."""
        if None in map(key_of, request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise SuspiciousOperation("an action on what is no key")
        return super().response_action(request, queryset)


class ServiceAdmin(_Pages):
    """Pages whose changes are made by services: what a service refuses is told on the page, and nothing is changed."""

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            with named_constraints():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except FrontdeskError as error:
            self.message_user(request, str(error.detail), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """The page carries what it showed: what a colleague changed meanwhile is no change of whoever saves the page."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and not isinstance(field, forms.FileField):  # which shows no file that could be sent back
            # A form that carries nothing, as scripts send it, is compared with the row as it is now.
            field.show_hidden_initial = request.method != "POST" or any(name.startswith("initial-") for name in request.POST)
        return field

    def save_model(self, request, row, form, change):
        """For what has no services: writes what was changed on the page, and no other column, such as a count that went on."""
        row.save(update_fields=form.changed_data if change else None)

    def get_fieldsets(self, request, obj=None):
        """What nobody can set is not shown of a row that is still to be: it has no value yet."""
        found = super().get_fieldsets(request, obj)
        if obj is not None:
            return found
        silent = set(self.get_readonly_fields(request))
        parts = ((title, [name for name in options["fields"] if name not in silent], options) for title, options in found)
        return [(title, {**options, "fields": fields}) for title, fields, options in parts if fields]

    def history_view(self, request, object_id, extra_context=None):
        """What became of the row, by whatever way (config.history); of rows that were deleted, too."""
        if history_of(self.model) is None:
            return super().history_view(request, object_id, extra_context)
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = key_of(object_id) or 0  # no row has that one
        row, entries = self.model._base_manager.filter(pk=key).first(), changes.entries_of(self.model, key)
        if row is None and not entries:
            raise Http404
        return desk.render(
            request, "desk/history.html", _("History: %s") % (row or f"#{key}"), entries=entries, most=changes.MOST
        )

    def delete_queryset(self, request, queryset):
        """Each as by itself: by its service, if it has one."""
        for row in queryset:
            self.delete_model(request, row)

    def each(self, request, queryset, service, told):
        """For actions: calls `service(row)` for each; tells what is refused, and how many are done (`told`, ngettext_lazy)."""
        done = 0
        for row in queryset:
            try:
                service(row)
                done += 1
            except FrontdeskError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
        self.message_user(request, told % done, messages.SUCCESS)


class ReadOnlyAdmin(_Pages):
    """Records that nobody writes by hand."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnlyInline(TabularInline):
    """Such records on the page of what they belong to."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False
