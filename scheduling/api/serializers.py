"""The shapes of slots, meetings and hours in JSON. Those that are read are ModelSerializers, those that are written are not:
they check what can be told from the values alone, and leave the rest to services and constraints."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from config.fields import IdField, InstantField, IntegerField, WordsField
from config.openapi import examples
from scheduling.api.fields import DayField, WallTimeField, ZoneField
from scheduling.models import AvailabilityException, AvailabilityRule, Meeting, Status, TimeSlot
from scheduling.models.availability import studio_zone
from scheduling.models.meetings import NOTES_LENGTH
from scheduling.models.slots import LONGEST, SHORTEST

MOST_CREDITS = 10_000
_SLOT = {"id": 7, "tutor": 1, "start_time": "2026-11-24T10:00:00.000000Z", "end_time": "2026-11-24T11:00:00.000000Z"}
_MEETING = {
    "id": 5,
    "student": 19,
    "tutor": 1,
    "time_slot": 7,
    "subject": "Algebra",
    "notes": None,
    "status": "pending",
    "created_at": "2026-11-21T14:12:07.488396Z",
    "start_time": _SLOT["start_time"],
    "end_time": _SLOT["end_time"],
    "credits": 0,
}
_MONDAYS = {
    "weekday": 0,
    "start_time": "10:00",
    "end_time": "14:00",
    "slot_minutes": 60,
    "valid_from": "2026-11-23",
    "valid_until": None,
    "time_zone": "Europe/Warsaw",
    "credits": 0,
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A free slot",
            _SLOT | {"is_available": True, "created_at": "2026-11-21T14:12:07.488396Z", "credits": 0},
            response_only=True,
        )
    ]
)
class TimeSlotSerializer(serializers.ModelSerializer):
    """A stretch of a tutor's time."""

    start_time = InstantField(read_only=True)
    end_time = InstantField(read_only=True)
    created_at = InstantField(read_only=True)

    class Meta:
        model = TimeSlot
        fields = ("id", "tutor", "start_time", "end_time", "is_available", "created_at", "credits")
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample("An hour", {"start_time": "2026-11-24T10:00:00Z", "end_time": "2026-11-24T11:00:00Z"}, request_only=True)
    ]
)
class SlotInputSerializer(serializers.Serializer):
    """A slot to offer, or changes of one. It lasts from 5 minutes to 24 hours."""

    tutor = IdField(source="tutor_id", required=False, help_text=_("The caller by default. A slot stays with its tutor."))
    start_time = InstantField()
    end_time = InstantField()
    is_available = serializers.BooleanField(required=False)
    credits = IntegerField(
        required=False, min_value=0, max_value=MOST_CREDITS, help_text=_("What a meeting in it costs the student.")
    )


@extend_schema_serializer(examples=[OpenApiExample("A meeting", _MEETING, response_only=True)])
class MeetingSerializer(serializers.ModelSerializer):
    """A student's appointment with a tutor."""

    created_at = InstantField(read_only=True)
    start_time = InstantField(read_only=True)
    end_time = InstantField(read_only=True)

    class Meta:
        model = Meeting
        fields = (
            "id",
            "student",
            "tutor",
            "time_slot",
            "subject",
            "notes",
            "status",
            "created_at",
            "start_time",
            "end_time",
            "credits",
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[OpenApiExample("A booking", {"time_slot": 7, "subject": "Algebra", "notes": "Fractions"}, request_only=True)]
)
class BookingSerializer(serializers.Serializer):
    """A slot to take."""

    time_slot = IdField()
    subject = WordsField(max_length=100)
    notes = serializers.CharField(max_length=NOTES_LENGTH, required=False, allow_null=True, allow_blank=True)
    tutor = IdField(required=False, help_text=_("Must be the slot's; it may be left out."))
    student = IdField(required=False, help_text=_("Whom it is for, if not the caller; administrators only."))


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Ten weeks", {"time_slot": 7, "subject": "Algebra", "weeks": 10, "time_zone": "Europe/Warsaw"}, request_only=True
        )
    ]
)
class SeriesSerializer(BookingSerializer):
    """A slot to take, and the same hour of the weeks after it."""

    weeks = IntegerField(min_value=2, max_value=53, help_text=_("How many meetings in all."))
    skip = serializers.BooleanField(required=False, default=False, help_text=_("Book the others where some are in the way."))
    time_zone = ZoneField(required=False, default=studio_zone, help_text=_("Where the hour stays when the clocks change."))


class InTheWaySerializer(serializers.Serializer):
    """A date of a series that was not booked."""

    date = serializers.DateField()
    code = serializers.CharField(help_text=_("As of the error of a single booking, or no_slot."))
    detail = serializers.CharField()


@examples(
    answer={
        "meetings": [_MEETING],
        "skipped": [{"date": "2026-12-01", "code": "no_slot", "detail": "There is no slot at that time."}],
    }
)
class BookedSeriesSerializer(serializers.Serializer):
    """What was booked of a series."""

    meetings = MeetingSerializer(many=True)
    skipped = InTheWaySerializer(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample("Confirm", {"status": "confirmed"}, request_only=True),
        OpenApiExample("Move", {"time_slot": 8}, request_only=True),
    ]
)
class MeetingChangeSerializer(serializers.Serializer):
    """What shall be different. What is left out stays."""

    status = serializers.ChoiceField(choices=Status.choices, required=False)
    time_slot = IdField(required=False, help_text=_("Another slot: moves the meeting."))
    subject = WordsField(max_length=100, required=False)
    notes = serializers.CharField(max_length=NOTES_LENGTH, required=False, allow_null=True, allow_blank=True)


class _HoursSerializer(serializers.ModelSerializer):
    """What rules and exceptions share."""

    created_at = InstantField(read_only=True)
    time_zone = ZoneField(required=False, help_text=_("IANA name; that of the studio by default."))
    credits = IntegerField(required=False, min_value=0, max_value=MOST_CREDITS, help_text=_("Of each slot."))

    def get_unique_together_validators(self):
        return []


@extend_schema_serializer(
    examples=[
        OpenApiExample("Mondays", _MONDAYS, request_only=True),
        OpenApiExample(
            "Answer", {"id": 3, "tutor": 1, **_MONDAYS, "created_at": "2026-11-21T14:12:07.488396Z"}, response_only=True
        ),
    ]
)
class RuleSerializer(_HoursSerializer):
    """Hours of one weekday (0 is Monday), cut into slots; wall time in `time_zone`."""

    weekday = IntegerField(min_value=0, max_value=6, help_text=_("0 is Monday, 6 is Sunday."))
    start_time = WallTimeField()
    end_time = WallTimeField(help_text=_("00:00 is the midnight after."))
    slot_minutes = IntegerField(min_value=SHORTEST, max_value=LONGEST)
    valid_from = DayField(required=False, help_text=_("Today by default."))
    valid_until = DayField(required=False, allow_null=True, help_text=_("The last day; null: for good."))

    class Meta:
        model = AvailabilityRule
        fields = (
            "id",
            "tutor",
            "weekday",
            "start_time",
            "end_time",
            "slot_minutes",
            "valid_from",
            "valid_until",
            "time_zone",
            "credits",
            "created_at",
        )
        read_only_fields = ("id", "tutor", "created_at")


@extend_schema_serializer(
    component_name="AvailabilityException",  # to most languages an Exception is something else
    examples=[
        OpenApiExample("A day off", {"date": "2026-12-24", "kind": "off"}, request_only=True),
        OpenApiExample(
            "Extra hours",
            {"date": "2026-12-05", "kind": "extra", "start_time": "10:00", "end_time": "12:00", "slot_minutes": 60},
            request_only=True,
        ),
        OpenApiExample(
            "Answer",
            {
                "id": 4,
                "tutor": 1,
                "date": "2026-12-24",
                "kind": "off",
                "start_time": None,
                "end_time": None,
                "slot_minutes": None,
                "time_zone": "Europe/Warsaw",
                "credits": 0,
                "created_at": "2026-11-21T14:12:07.488396Z",
            },
            response_only=True,
        ),
    ],
)
class ExceptionSerializer(_HoursSerializer):
    """A date with hours off (without times, the whole day) or extra hours."""

    date = DayField()
    start_time = WallTimeField(required=False, allow_null=True)
    end_time = WallTimeField(required=False, allow_null=True, help_text=_("00:00 is the midnight after."))
    slot_minutes = IntegerField(
        required=False, allow_null=True, min_value=SHORTEST, max_value=LONGEST, help_text=_("Of extra hours.")
    )

    class Meta:
        model = AvailabilityException
        fields = ("id", "tutor", "date", "kind", "start_time", "end_time", "slot_minutes", "time_zone", "credits", "created_at")
        read_only_fields = ("id", "tutor", "created_at")


@extend_schema_serializer(examples=[OpenApiExample("A quarter of an hour between meetings", {"buffer_minutes": 15})])
class TutorSettingsSerializer(serializers.Serializer):
    """What the caller wants of their calendar."""

    buffer_minutes = IntegerField(min_value=0, max_value=LONGEST, help_text=_("Minutes that stay free between two meetings."))


@examples(answer={"created_at": "2026-11-21T14:12:07.488396Z"})
class FeedSerializer(serializers.Serializer):
    """When the caller's calendar got its secret address, which was shown once."""

    created_at = InstantField()


@examples(answer={"url": "https://frontdesk.example.com/api/v1/calendar/kX3…Yw.ics"})
class NewFeedSerializer(serializers.Serializer):
    """A secret address for calendar programs."""

    url = serializers.URLField()
