"""A tutor's weekly hours, the exceptions from them, and the buffer. Each change publishes at once."""

from config.errors import Missing, NotAllowed
from config.writes import only
from scheduling.models import AvailabilityException, AvailabilityRule, TutorSettings
from scheduling.services.locks import in_turn, lock_tutor
from scheduling.services.publishing import publish_slots

_SHARED = {"start_time", "end_time", "slot_minutes", "time_zone", "credits"}
# What may be said of each, by its tutor or by an administrator; whose it is never changes.
_MAY_BE_SAID = {
    AvailabilityRule: _SHARED | {"weekday", "valid_from", "valid_until"},
    AvailabilityException: _SHARED | {"date", "kind"},
}


def add_rule(*, by, **fields):
    """New weekly hours of the actor, a tutor. Returns the AvailabilityRule."""
    return _add(AvailabilityRule, by, fields)


def change_rule(*, by, rule_id, **changes):
    """Other hours; slots that are booked stay."""
    return _change(AvailabilityRule, by, rule_id, changes)


def remove_rule(*, by, rule_id):
    """No such hours any more; free slots that came from them go, booked ones stay."""
    _remove(AvailabilityRule, by, rule_id)


def add_exception(*, by, **fields):
    """Hours off or extra hours of the actor on one date. Returns the AvailabilityException."""
    return _add(AvailabilityException, by, fields)


def change_exception(*, by, exception_id, **changes):
    """Other hours on that date."""
    return _change(AvailabilityException, by, exception_id, changes)


def remove_exception(*, by, exception_id):
    """The date is like the others again."""
    _remove(AvailabilityException, by, exception_id)


def settings_of(tutor):
    """The tutor's settings, saved or not."""
    return TutorSettings.objects.filter(pk=tutor.pk).first() or TutorSettings(tutor=tutor)


def set_buffer(*, by, buffer_minutes, tutor_id=None):
    """How many minutes stay free between two meetings of the actor (or, by an administrator, of another tutor).

    Returns the TutorSettings. Free slots of weekly hours are spaced anew at once.
    """
    if not by.is_admin:
        raise NotAllowed
    tutor_id = tutor_id or by.pk
    with in_turn():
        _lock_open(tutor_id)
        found, _ = TutorSettings.objects.update_or_create(tutor_id=tutor_id, defaults={"buffer_minutes": buffer_minutes})
        publish_slots(tutor_id=tutor_id)
    return found


def _add(model, by, fields):
    only(_MAY_BE_SAID[model], fields)
    if not by.is_admin:
        raise NotAllowed
    with in_turn():
        _lock_open(by.pk)
        row = model.objects.create(tutor_id=by.pk, **fields)
        publish_slots(tutor_id=by.pk)
    return row


def _lock_open(tutor_id):
    """A tutor whose account closes at the same moment waits, or is found to be gone: Missing."""
    if lock_tutor(tutor_id).closed_at:
        raise Missing


def _change(model, by, pk, changes):
    only(_MAY_BE_SAID[model], changes)
    with in_turn():
        row = _locked(model, by, pk)
        for name, value in changes.items():
            setattr(row, name, value)
        row.save()
        publish_slots(tutor_id=row.tutor_id)
    return row


def _remove(model, by, pk):
    with in_turn():
        row = _locked(model, by, pk)
        row.delete()
        publish_slots(tutor_id=row.tutor_id)


def _locked(model, by, pk):
    row = model.objects.visible_to(by).filter(pk=pk).first()
    if row is None:
        raise Missing
    lock_tutor(row.tutor_id)
    row = model.objects.filter(pk=pk).first()
    if row is None:
        raise Missing
    return row
