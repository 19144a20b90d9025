"""What can go wrong with slots and meetings. Many are what a constraint of the database says, by its name."""

from django.utils.translation import gettext_lazy as _

from config.errors import Conflict, Invalid, Protected


class SlotOverlap(Conflict):
    code = "slot_overlap"
    constraint = "slot_overlap"
    detail = _("The tutor has another slot at that time.")


class SlotEndsBeforeStart(Invalid):
    code = "end_before_start"
    field = "end_time"
    constraint = "slot_ends_after_start"
    detail = _("The end must be after the start.")


class SlotLength(Invalid):
    code = "slot_length"
    field = "end_time"
    constraint = "slot_length"
    detail = _("A slot lasts from 5 minutes to 24 hours.")


class OutOfReach(Invalid):
    code = "out_of_reach"
    field = "end_time"
    constraint = "slot_in_reach"
    detail = _("The time is too far away.")


class StartInPast(Invalid):
    """A slot must be published before it starts."""

    code = "in_past"
    field = "start_time"
    detail = _("The start lies in the past.")


class SlotBooked(Conflict):
    """A slot that a meeting takes keeps its times."""

    code = "slot_booked"
    constraint = "slot_booked"
    detail = _("A meeting takes place in this slot, so its times cannot change.")


class SlotKept(Protected):
    detail = _("A meeting was booked in this slot, be it canceled by now, so the slot stays. It can be withdrawn.")


class UnknownSlot(Invalid):
    code = "does_not_exist"
    field = "time_slot"
    detail = _("There is no such slot.")


class UnknownStudent(Invalid):
    """The same for an account that does not exist and one that the actor may not book for."""

    code = "does_not_exist"
    field = "student"
    detail = _("There is no such student.")


class UnknownTutor(Invalid):
    code = "does_not_exist"
    field = "tutor"
    detail = _("There is no such tutor.")


class TutorMismatch(Invalid):
    code = "tutor_mismatch"
    field = "tutor"
    constraint = "meeting_tutor_is_slots"
    detail = _("The slot is another tutor's.")


class CalendarBusy(Conflict):
    """Others change the same calendars, and one's turn did not come. Nothing has happened."""

    code = "calendar_busy"
    detail = _("Others are changing the same calendar at this moment. Try again.")


class Obstacle(Conflict):
    """Why a slot cannot be booked. `named`: the errors by their codes."""

    named: dict[str, type["Obstacle"]] = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Obstacle.named[cls.code] = cls


class SlotTaken(Obstacle):
    code = "slot_taken"
    constraint = "slot_taken"
    detail = _("This slot is taken.")


class SlotInPast(Obstacle):
    code = "slot_in_past"
    detail = _("This slot has already begun.")


class SlotUnavailable(Obstacle):
    code = "slot_unavailable"
    detail = _("This slot is not offered.")


class NoSlot(Obstacle):
    """A date of a series on which the tutor offers nothing at that hour."""

    code = "no_slot"
    detail = _("There is no slot at that time.")


class StudentOverlap(Obstacle):
    code = "student_overlap"
    constraint = "student_overlap"
    detail = _("The student has another meeting at that time.")


class TooClose(Obstacle):
    """The tutor's buffer between two meetings would be cut."""

    code = "too_close"
    detail = _("The tutor needs a pause between this and another meeting.")


class BookingTooLate(Obstacle):
    code = "booking_too_late"
    detail = _("It is too late to book this slot.")


class BookingTooEarly(Obstacle):
    code = "booking_too_early"
    detail = _("It is too early to book this slot.")


class SeriesConflict(Conflict):
    """Some dates of a series are in the way; `dates` names them."""

    code = "series_conflict"
    detail = _("Not all meetings of the series can be booked.")


class IllegalTransition(Conflict):
    code = "illegal_transition"
    constraint = "illegal_transition"
    detail = _("The meeting cannot go from its present status to that one.")


class TooLate(Conflict):
    """The cancellation policy."""

    code = "too_late"
    detail = _("It is too late to cancel or move this meeting.")


class MeetingOver(Conflict):
    code = "meeting_over"
    detail = _("The meeting is canceled or completed, so it cannot change any more.")


class NotesTooLong(Invalid):
    code = "max_length"
    field = "notes"
    constraint = "meeting_notes_length"
    detail = _("Notes have up to 2,000 characters.")


class MeetingKept(Protected):
    constraint = "meeting_protected"


class HoursEndBeforeStart(Invalid):
    code = "end_before_start"
    field = "end_time"
    constraint = "rule_ends_after_start"
    detail = _("The end must be after the start.")


class ValidityEndsBeforeStart(Invalid):
    code = "end_before_start"
    field = "valid_until"
    constraint = "rule_validity_in_order"
    detail = _("The last day must not be before the first.")


class RuleSlotLength(Invalid):
    code = "slot_length"
    field = "slot_minutes"
    constraint = "rule_slot_length"
    detail = _("A slot lasts from 5 minutes to 24 hours.")


class ExceptionTimes(Invalid):
    code = "end_before_start"
    field = "end_time"
    constraint = "exception_times"
    detail = _("Give both times, the end after the start, or neither.")


class ExceptionSlots(Invalid):
    code = "exception_slots"
    field = "slot_minutes"
    constraint = "exception_slots"
    detail = _("Extra hours need times and the minutes of a slot (5 to 1440); hours off have no slots.")
