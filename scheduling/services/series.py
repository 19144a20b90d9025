"""The same hour for several weeks."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from scheduling.errors import NoSlot, Obstacle, SeriesConflict, TutorMismatch, UnknownSlot
from scheduling.hours import instant_of
from scheduling.models import TimeSlot
from scheduling.services import costs, telling
from scheduling.services.booking import student_among, student_of, take_slots
from scheduling.services.locks import in_turn, working_tutor


def book_series(*, by, time_slot_id, weeks, zone, subject, notes=None, skip=False, tutor_id=None, student_id=None):
    """Books a slot and those of the same tutor, wall time and length in the weeks after it: `weeks` meetings in all.

    Wall time is that of `zone`, an IANA name: the hour stays when the clocks change. Raises SeriesConflict, whose `dates`
    name what is in the way, and books nothing, unless `skip` says to take the others; then it is raised where there are none.
    Returns (meetings, skipped), the latter as `dates`. Otherwise as book_meeting.
    """
    student_id = student_of(by, student_id)
    first = TimeSlot.objects.filter(pk=time_slot_id).first()
    if first is None:
        raise UnknownSlot
    if tutor_id not in (None, first.tutor_id):
        raise TutorMismatch
    dates, slot_ids = _slots_of(first, weeks, ZoneInfo(zone))
    with in_turn():
        people, found = take_slots(by=by, student_id=student_id, slot_ids=slot_ids, subject=subject, notes=notes)
        meetings, refused = [], {}
        for meeting, obstacle in found:
            if obstacle:
                refused[meeting.time_slot_id] = obstacle
            else:
                meetings.append(meeting)
        skipped = _skipped(dates, refused, {meeting.time_slot_id for meeting in meetings})
        if not meetings or (skipped and not skip):
            raise SeriesConflict(dates=skipped)
        student, tutor = student_among(people, student_id), working_tutor(people, first.tutor_id)
        for meeting in meetings:
            meeting.student, meeting.tutor = student, tutor
            costs.spend(meeting)
        telling.booked_series(meetings)
    return meetings, skipped


def _slots_of(first, weeks, zone):
    """([(date, slot id or None)], [slot ids]): the slot of each week, and all that there are."""
    start = first.start_time.astimezone(zone).replace(tzinfo=None)
    walls = [start + timedelta(weeks=number) for number in range(weeks)]
    moments = [first.start_time, *(instant_of(wall, zone) for wall in walls[1:])]
    length = first.end_time - first.start_time
    same = TimeSlot.objects.filter(tutor_id=first.tutor_id, start_time__in=[moment for moment in moments if moment])
    found = {slot.start_time: slot.pk for slot in same if slot.end_time - slot.start_time == length}
    dates = [(wall.date(), found.get(moment)) for wall, moment in zip(walls, moments, strict=True)]
    return dates, [pk for _, pk in dates if pk]


def _skipped(dates, refused, booked):
    """What is in the way, for people and programs: [{"date", "code", "detail"}]."""
    found = []
    for day, slot_id in dates:
        if slot_id not in booked:
            error = Obstacle.named[refused[slot_id]] if slot_id in refused else NoSlot
            found.append({"date": day.isoformat(), "code": error.code, "detail": str(error.detail)})
    return found
