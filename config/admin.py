"""What the admin pages of all apps share."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from unfold.admin import ModelAdmin

from config.errors import FrontdeskError, named_constraints
from config.words import name_fields

# The admin's modules are loaded once all models are.
name_fields()


class ServiceAdmin(ModelAdmin):
    """Pages whose changes are made by services: what a service refuses is told on the page, and nothing is changed."""

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            with named_constraints():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except FrontdeskError as error:
            self.message_user(request, str(error.detail), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def each(self, request, queryset, service):
        """For actions: calls `service(row)` for each row and tells how many went well, and what was refused."""
        done = 0
        for row in queryset:
            try:
                service(row)
                done += 1
            except FrontdeskError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
        return done


class ReadOnlyAdmin(ModelAdmin):
    """Records that nobody writes by hand."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
