"""Slots, meetings and hours, for staff. Every change goes through the services that the API calls."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from config.admin import ReadOnlyAdmin, ServiceAdmin
from scheduling import services
from scheduling.models import AvailabilityException, AvailabilityRule, CalendarFeed, Meeting, TimeSlot, TutorSettings


class _SchedulingAdmin(ServiceAdmin):
    """`add` and `change` are the services behind the form; they get the values of its fields."""

    def save_model(self, request, row, form, change):
        if not change:
            row.pk = self.add(request.user, form.cleaned_data).pk
        elif form.changed_data:
            self.change(request.user, row.pk, {name: form.cleaned_data[name] for name in form.changed_data})


@admin.register(TimeSlot)
class TimeSlotAdmin(_SchedulingAdmin):
    """Times that tutors offer. A new one is one's own; for many at once there are weekly hours."""

    list_display = ("start_time", "end_time", "tutor", "is_available", "credits", "origin")
    list_filter = ("is_available", "origin", "start_time", "tutor")
    list_select_related = ("tutor",)
    search_fields = ("tutor__username", "tutor__first_name", "tutor__last_name")
    fields = ("start_time", "end_time", "is_available", "credits")
    actions = ("take_away",)

    def add(self, by, values):
        return services.create_slot(by=by, **values)

    def change(self, by, pk, changes):
        services.change_slot(by=by, slot_id=pk, **changes)

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.action(description=_("Take away"), permissions=["change"])
    def take_away(self, request, queryset):
        told = ngettext_lazy("%d slot taken away.", "%d slots taken away.")
        self.each(request, queryset, lambda slot: services.delete_slot(by=request.user, slot_id=slot.pk), told)


@admin.register(Meeting)
class MeetingAdmin(_SchedulingAdmin):
    """Appointments. Their status is changed by the actions; nothing is ever erased."""

    list_display = ("start_time", "subject", "student", "tutor", "status", "credits")
    list_filter = ("status", "start_time", "tutor")
    list_select_related = ("student", "tutor")
    search_fields = ("subject", "student__username", "student__email", "student__first_name", "student__last_name")
    autocomplete_fields = ("student", "time_slot")
    fields = ("student", "time_slot", "subject", "notes", "status", "created_at")
    actions = ("confirm", "complete", "cancel")

    def get_readonly_fields(self, request, obj=None):
        return ("status", "created_at") if obj is None else ("student", "status", "created_at")

    def add(self, by, values):
        return services.book_meeting(
            by=by,
            student_id=values["student"].pk if values["student"] else None,
            time_slot_id=values["time_slot"].pk,
            subject=values["subject"],
            notes=values["notes"],
        )

    def change(self, by, pk, changes):
        slot = changes.pop("time_slot", None)
        services.change_meeting(by=by, meeting_id=pk, time_slot_id=slot and slot.pk, **changes)

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.action(description=_("Confirm"), permissions=["change"])
    def confirm(self, request, queryset):
        self._each(request, queryset, services.confirm_meeting)

    @admin.action(description=_("Mark as completed"), permissions=["change"])
    def complete(self, request, queryset):
        self._each(request, queryset, services.complete_meeting)

    @admin.action(description=_("Cancel"), permissions=["change"])
    def cancel(self, request, queryset):
        self._each(request, queryset, services.cancel_meeting)

    def _each(self, request, queryset, service):
        told = ngettext_lazy("%d meeting changed.", "%d meetings changed.")
        self.each(request, queryset, lambda meeting: service(by=request.user, meeting_id=meeting.pk), told)


class _HoursAdmin(_SchedulingAdmin):
    """New ones are one's own. Slots follow at once, but for those that are booked."""

    list_filter = ("tutor",)
    list_select_related = ("tutor",)
    exclude = ("tutor",)

    def delete_model(self, request, row):
        self.remove(request.user, row.pk)


@admin.register(AvailabilityRule)
class AvailabilityRuleAdmin(_HoursAdmin):
    """Weekly hours."""

    list_display = ("tutor", "weekday", "start_time", "end_time", "slot_minutes", "valid_from", "valid_until", "time_zone")

    def add(self, by, values):
        return services.add_rule(by=by, **values)

    def change(self, by, pk, changes):
        services.change_rule(by=by, rule_id=pk, **changes)

    def remove(self, by, pk):
        services.remove_rule(by=by, rule_id=pk)


@admin.register(AvailabilityException)
class AvailabilityExceptionAdmin(_HoursAdmin):
    """Days off and extra hours."""

    list_display = ("tutor", "date", "kind", "start_time", "end_time", "slot_minutes", "time_zone")

    def add(self, by, values):
        return services.add_exception(by=by, **values)

    def change(self, by, pk, changes):
        services.change_exception(by=by, exception_id=pk, **changes)

    def remove(self, by, pk):
        services.remove_exception(by=by, exception_id=pk)


@admin.register(TutorSettings)
class TutorSettingsAdmin(_SchedulingAdmin):
    """Tutors' buffers."""

    list_display = ("tutor", "buffer_minutes")
    list_select_related = ("tutor",)

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else ("tutor",)

    def add(self, by, values):
        return services.set_buffer(by=by, tutor_id=values["tutor"].pk, buffer_minutes=values["buffer_minutes"])

    def change(self, by, pk, changes):
        services.set_buffer(by=by, tutor_id=pk, **changes)

    def delete_model(self, request, row):
        services.set_buffer(by=request.user, tutor_id=row.pk, buffer_minutes=0)


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnlyAdmin):
    """Who reads their meetings in a calendar program. Deleting one revokes its secret address."""

    list_display = ("user", "created_at")
    list_select_related = ("user",)
    exclude = ("digest",)

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser
