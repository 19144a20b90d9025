"""Slots from weekly hours. Publishing compares what the hours ask for with what is there, so it can run at any time."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from scheduling.hours import Span, Spans, days, slots_of, span_of
from scheduling.models import AvailabilityException, AvailabilityRule, Meeting, TimeSlot, TutorSettings
from scheduling.services.locks import lock_tutor

_ANY_ZONE = timedelta(hours=14)  # the farthest from UTC; a date begins that much earlier, or ends that much later


def publish_slots(*, tutor_id):
    """Publishes a tutor's slots from now through PUBLISH_AHEAD, and withdraws free ones that the hours no longer ask for.

    Slots that were booked, or made by hand, keep their times and price. Returns how many slots are new.
    """
    with transaction.atomic():
        tutor = lock_tutor(tutor_id)
        until = tutor.now + settings.PUBLISH_AHEAD
        wanted = _wanted(tutor_id, tutor.now, until) if tutor.is_admin and tutor.is_active else {}
        _withdraw(tutor_id, tutor.now, wanted)
        return _add(tutor_id, tutor.now, wanted)


def tutors_with_hours():
    """The ids of the tutors who have weekly hours or exceptions."""
    rules = AvailabilityRule.objects.order_by().values_list("tutor_id", flat=True)
    return sorted(rules.union(AvailabilityException.objects.order_by().values_list("tutor_id", flat=True)))


def _wanted(tutor_id, now, until):
    """{Span: credits} of all slots that the hours ask for, none overlapping another; the older rule comes first."""
    first, last = (now - _ANY_ZONE).date(), (until + _ANY_ZONE).date()
    buffer = TutorSettings.objects.filter(pk=tutor_id).values_list("buffer_minutes", flat=True).first() or 0
    exceptions = list(AvailabilityException.objects.filter(tutor_id=tutor_id, date__range=(first, last)).order_by("id"))
    off = Spans(_off_span(one) for one in exceptions if one.kind == AvailabilityException.Kind.OFF)
    wanted, taken = {}, Spans()
    for span, cost in _asked_for(tutor_id, first, last, exceptions, buffer):
        in_time = now < span.start and span.start <= until
        if in_time and not off.overlap(span) and not taken.overlap(span):
            wanted[span] = cost
            taken.add(span)
    return wanted


def _asked_for(tutor_id, first, last, exceptions, buffer):
    for rule in AvailabilityRule.objects.filter(tutor_id=tutor_id).order_by("id"):
        for day in days(max(first, rule.valid_from), min(last, rule.valid_until or date.max)):
            if day.weekday() == rule.weekday:
                yield from _slots(rule, day, buffer)
    for extra in exceptions:
        if extra.kind == AvailabilityException.Kind.EXTRA:
            yield from _slots(extra, extra.date, buffer)


def _slots(hours, day, buffer):
    for span in slots_of(day, hours.start_time, hours.end_time, hours.slot_minutes, hours.time_zone, buffer):
        yield span, hours.credits


def _off_span(exception):
    if exception.start_time is not None:
        return span_of(exception.date, exception.start_time, exception.end_time, exception.time_zone)
    zone = ZoneInfo(exception.time_zone)
    midnight = datetime.combine(exception.date, datetime.min.time())
    ends = midnight, midnight + timedelta(days=1)
    return Span(*(end.replace(tzinfo=zone).astimezone(UTC) for end in ends))


def _withdraw(tutor_id, now, wanted):
    """Takes back the slots of rules that are not asked for, and brings the free ones' price up to date.

    Those that are booked stay so; once their meeting is canceled or moves away, they are not offered (Meeting's `take_slot`).
    """
    standing = Meeting.objects.standing().filter(time_slot=OuterRef("pk"))
    any_meeting = Meeting.objects.filter(time_slot=OuterRef("pk"))
    ours = TimeSlot.objects.filter(tutor_id=tutor_id, start_time__gt=now).exclude(origin=TimeSlot.Origin.HAND)
    retired, restored, gone, prices = [], [], [], defaultdict(list)
    for slot in ours.annotate(booked=Exists(standing), mentioned=Exists(any_meeting)):
        span = Span(slot.start_time, slot.end_time)
        if span in wanted:
            if slot.origin == TimeSlot.Origin.RETIRED:
                restored.append(slot.pk)
            if slot.credits != wanted[span] and not slot.booked:
                prices[wanted[span]].append(slot.pk)
        elif not slot.mentioned:
            gone.append(slot.pk)
        elif slot.origin == TimeSlot.Origin.RULE:
            retired.append(slot.pk)
    # By id, as several of them may be canceled at once (scheduling.services.closing). Bookings queue at the tutor.
    list(TimeSlot.objects.filter(pk__in=retired + restored).order_by("id").select_for_update(no_key=True).values_list("pk"))
    TimeSlot.objects.filter(pk__in=gone).delete()
    TimeSlot.objects.filter(pk__in=retired).update(is_available=False, origin=TimeSlot.Origin.RETIRED)
    TimeSlot.objects.filter(pk__in=restored).update(is_available=~Exists(standing), origin=TimeSlot.Origin.RULE)
    for cost, slots in prices.items():
        TimeSlot.objects.filter(pk__in=slots).update(credits=cost)


def _add(tutor_id, now, wanted):
    there = TimeSlot.objects.filter(tutor_id=tutor_id, end_time__gt=now).order_by("start_time")
    taken = Spans(Span(*times) for times in there.values_list("start_time", "end_time"))
    new = [span for span in sorted(wanted) if not taken.overlap(span)]
    TimeSlot.objects.bulk_create(
        TimeSlot(
            tutor_id=tutor_id,
            start_time=span.start,
            end_time=span.end,
            credits=wanted[span],
            origin=TimeSlot.Origin.RULE,
        )
        for span in new
    )
    return len(new)
