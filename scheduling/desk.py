"""The tutors' week at the desk: slots to publish and withdraw, meetings to confirm, complete and cancel."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import Count, Prefetch, Q
from django.db.models.functions import TruncDate
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from config import desk
from config.desk.fields import PersonField
from config.keys import key_of
from scheduling import services
from scheduling.errors import IllegalTransition, OutOfReach
from scheduling.hours import instant_of
from scheduling.models import Meeting, TimeSlot
from scheduling.models.meetings import LIVE
from scheduling.models.slots import LONGEST, SHORTEST

_MOST_SLOTS = 200  # of a week that are shown; the page says so where there are more
_DEEDS = {
    "confirm": lambda by, pk: services.confirm_meeting(by=by, meeting_id=pk),
    "complete": lambda by, pk: services.complete_meeting(by=by, meeting_id=pk),
    "cancel": lambda by, pk: services.cancel_meeting(by=by, meeting_id=pk),
    "withdraw": lambda by, pk: services.delete_slot(by=by, slot_id=pk),
}


class WallTimeField(forms.DateTimeField):
    """A wall time, whatever zone the page is in: hours that the clocks skip or repeat are the form's to judge."""

    def to_python(self, value):
        with timezone.override(UTC):
            return super().to_python(value)


def _tutors():
    return User.objects.filter(user_type="admin", is_active=True)


class PublishForm(forms.Form):
    """A slot of a tutor, in the studio's wall time."""

    tutor = PersonField(_tutors(), label=gettext_lazy("Tutor"), empty_label=None)
    start = WallTimeField(
        label=gettext_lazy("Start"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    minutes = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=SHORTEST, max_value=LONGEST, initial=60)
    credits = forms.IntegerField(label=gettext_lazy("Credits"), required=False, min_value=0, max_value=1000, initial=0)

    def clean_start(self):
        if not 1900 < self.cleaned_data["start"].year < 9000:  # the days around it must be dates, too
            raise forms.ValidationError(OutOfReach.detail)
        moment = instant_of(self.cleaned_data["start"].replace(tzinfo=None), _zone())
        if moment is None:
            raise forms.ValidationError(_("The clocks skip this time."))
        return moment


class WeekForm(forms.Form):
    """Whose week, and which: any date in it."""

    tutor = PersonField(_tutors(), required=False, label=gettext_lazy("Tutor"), empty_label=gettext_lazy("All tutors"))
    day = forms.DateField(required=False, label=gettext_lazy("Week of"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean_day(self):
        """A date whose neighbors are dates, too."""
        day = self.cleaned_data["day"]
        return day if day and 1900 < day.year < 9000 else None


def _zone():
    return ZoneInfo(settings.STUDIO_TIME_ZONE)


def _midnight(day):
    return datetime.combine(day, time(0), _zone())


@desk.page("week/", "week", needs="scheduling.view_timeslot", changes="scheduling.change_timeslot")
def week(request):
    """A week of slots and their meetings. POST does one of the deeds to a `pk`, or publishes a slot."""
    # One's own week, where one is a tutor, unless another tutor's or all of them are asked for.
    own = {"tutor": request.user.pk} if request.user.is_admin else {}
    asked = WeekForm(own | request.GET.dict())
    chosen = asked.cleaned_data if asked.is_valid() else {}
    tutor = chosen.get("tutor")
    publish = PublishForm(
        request.POST if "publish" in request.POST else None, auto_id="publish_%s", initial={"tutor": tutor or request.user}
    )
    if request.method == "POST" and _change(request, publish):
        return HttpResponseRedirect(request.get_full_path())
    # Both forms offer the same people, read once.
    everybody = list(asked.fields["tutor"].choices)
    asked.fields["tutor"].choices, publish.fields["tutor"].choices = everybody, everybody[1:]
    day = chosen.get("day") or timezone.now().astimezone(_zone()).date()
    monday = day - timedelta(days=day.weekday())
    context: dict[str, object] = {"monday": monday, "before": monday - timedelta(days=7), "after": monday + timedelta(days=7)}
    days = _days(monday, tutor)
    context["cut"] = sum(len(slots) for _day, slots in days) == _MOST_SLOTS
    return desk.render(request, "desk/week.html", _("Week"), asked=asked, days=days, publish=publish, tutor=tutor, **context)


def _change(request, publish):
    """Whether there is nothing more to be said than what the message says."""
    if publish.is_bound:
        if not publish.is_valid():
            return False
        values = publish.cleaned_data
        start, length = values["start"], timedelta(minutes=values["minutes"])
        slot = {
            "tutor_id": values["tutor"].pk,
            "credits": values["credits"] or 0,
            "start_time": start,
            "end_time": start + length,
        }
        with desk.telling(request, _("The slot is published.")):
            services.create_slot(by=request.user, **slot)
        return True
    deed, _colon, text = request.POST.get("deed", "").partition(":")
    pk = key_of(text)
    if deed in _DEEDS and pk is not None:
        with desk.telling(request, _("Done.")), _courtesy(pk):
            _DEEDS[deed](request.user, pk)
    return True


@contextmanager
def _courtesy(meeting_id):
    """Who comes second (another tab, a colleague) hears what has become of the meeting."""
    try:
        yield
    except IllegalTransition as error:
        meeting = Meeting.objects.exclude(status__in=LIVE).filter(pk=meeting_id).first()
        if meeting is None:
            raise
        text = _("“%(subject)s” is %(status)s already. Nothing was changed.")
        raise IllegalTransition(text % {"subject": meeting.subject, "status": meeting.get_status_display()}) from error


def _days(monday, tutor):
    """Seven (date, slots): two queries, whatever is in them. Each slot's `standing` is its meeting, if it has one."""
    slots = TimeSlot.objects.filter(start_time__gte=_midnight(monday), start_time__lt=_midnight(monday + timedelta(days=7)))
    if tutor:
        slots = slots.filter(tutor=tutor)
    taken = Prefetch("meetings", Meeting.objects.standing().select_related("student"), to_attr="standing")
    days: dict[date, list] = {monday + timedelta(days=number): [] for number in range(7)}
    for slot in slots.select_related("tutor").prefetch_related(taken).order_by("start_time", "id")[:_MOST_SLOTS]:
        slot.start_time, slot.end_time = slot.start_time.astimezone(_zone()), slot.end_time.astimezone(_zone())
        slot.times = f"{slot.start_time:%H:%M}-{slot.end_time:%H:%M}"
        days[slot.start_time.date()].append(slot)
    return list(days.items())


@desk.box(20, gettext_lazy("Meetings today and tomorrow"), "desk:week", needs="scheduling.view_meeting")
def soon():
    today = timezone.now().astimezone(_zone()).date()
    found = Meeting.objects.live().filter(start_time__gte=_midnight(today), start_time__lt=_midnight(today + timedelta(days=2)))
    rows = found.select_related("student", "tutor").order_by("start_time")[: desk.MOST]
    return [
        desk.Row(
            f"{one.start_time.astimezone(_zone()):%m-%d %H:%M} {one.subject}",
            reverse("admin:scheduling_meeting_change", args=[one.pk]),
            desk.beside(one.student or "", one.tutor, one.get_status_display()),
        )
        for one in rows
    ]


@desk.chart(20, gettext_lazy("Meetings"), needs="scheduling.view_meeting")
def meetings_by_day(start, end):
    past = Meeting.objects.standing().filter(start_time__gte=start, start_time__lt=end).order_by()
    by_day = past.annotate(day=TruncDate("start_time")).values("day")
    return by_day.annotate(number=Count("pk")).values_list("day", "number")


@desk.panel(
    20, gettext_lazy("Meetings"), "admin:scheduling_meeting_changelist", "student__id__exact", needs="scheduling.view_meeting"
)
def meetings_of(person):
    # The newest of each side by its index: for an OR, PostgreSQL may read back through everybody's meetings.
    sides = [Meeting.objects.filter(**{side: person}).order_by("-id")[: desk.MOST].values("pk") for side in ("student", "tutor")]
    mine = Meeting.objects.filter(Q(pk__in=sides[0]) | Q(pk__in=sides[1]))
    newest = mine.select_related("tutor").order_by("-id")[: desk.MOST]
    return [
        desk.Row(
            f"{one.start_time.astimezone(_zone()):%Y-%m-%d %H:%M} {one.subject}",
            reverse("admin:scheduling_meeting_change", args=[one.pk]),
            desk.beside(one.tutor, one.get_status_display()),
        )
        for one in newest
    ]
