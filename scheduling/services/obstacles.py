"""What is in the way of a booking, said once, in SQL."""

from django.conf import settings

from scheduling.models.slots import TOO_CLOSE

# Why the slot `s` cannot be taken, as the code of an error, or NULL. Sure where the people and the slot are locked: then
# `is_available` is the row's newest, and a slot that is available is not taken (models.slots).
OBSTACLE = f"""CASE
    WHEN NOT s.is_available AND EXISTS (
        SELECT FROM scheduling_meeting m WHERE m.time_slot_id = s.id AND m.status <> 'canceled') THEN 'slot_taken'
    WHEN s.start_time <= statement_timestamp() THEN 'slot_in_past'
    WHEN NOT s.is_available THEN 'slot_unavailable'
    WHEN s.start_time < statement_timestamp() + %(notice)s::interval THEN 'booking_too_late'
    WHEN s.start_time > statement_timestamp() + %(ahead)s::interval THEN 'booking_too_early'
    WHEN EXISTS (
        SELECT FROM scheduling_meeting m
        WHERE m.student_id = %(student)s::bigint AND m.status <> 'canceled' AND m.id <> %(meeting)s::bigint
            AND tstzrange(m.start_time, m.end_time, '[)') && tstzrange(s.start_time, s.end_time, '[)')) THEN 'student_overlap'
    WHEN {TOO_CLOSE.format(slot="s", meeting="%(meeting)s::bigint")} THEN 'too_close'
END"""  # noqa: S608 (our own text)


def places(*, by, student_id, slot_ids, meeting_id=0):
    """The values of the statements that OBSTACLE is part of. `meeting_id`: a meeting that is being moved.

    How early and how late one may book binds customers; administrators book at any time before the start.
    """
    return {
        "slots": list(slot_ids),
        "student": student_id,
        "meeting": meeting_id,
        "notice": "0" if by.is_admin else settings.BOOKING_NOTICE,
        "ahead": None if by.is_admin else settings.BOOKING_AHEAD,
        "reminders": [int(before.total_seconds()) for before in settings.REMINDERS],
    }
