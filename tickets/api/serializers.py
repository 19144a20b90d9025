"""The shapes of tickets, answers and files in JSON. Member order and URLs are document E's."""

from django.db.models import F, OuterRef, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.fields import IdField, InstantField, WordsField
from config.openapi import examples
from config.reads import SITE, JSONRows
from tickets.files import MOST_FILES
from tickets.models import Answer, Attachment, Priority, Status, StatusChange, Ticket
from tickets.models.tickets import MESSAGE_LENGTH

_SITE = "http://127.0.0.1:8000"
_FILE = {"id": 7, "name": "receipt.pdf", "content_type": "application/pdf", "size": 48213, "url": f"{_SITE}/api/v1/attachments/7"}
_TICKET = {
    "id": 66,
    "from_user_id": 19,
    "from_user": "example_user",
    "message": "Some message like FOO BAR BIZ",
    "status": "u",
    "changed_status": None,
    "answers": [f"{_SITE}/api/comment/{number}" for number in (31, 30, 29, 28)],
    "created_at": "2022-06-22T14:12:07.488396Z",
    "subject": "",
    "priority": "normal",
    "assignee": None,
    "awaiting": "support",
    "order": None,
    "meeting": None,
    "attachments": [_FILE],
    "answers_url": f"{_SITE}/api/ticket/66/answer",
}
_ANSWER = {
    "id": 29,
    "from_user_id": 19,
    "from_user": "example_user",
    "to_ticket": f"{_SITE}/api/ticket/66",
    "message": "answer message",
    "answered_at": "2022-06-22T14:32:51.334919Z",
    "internal": False,
    "attachments": [],
}


class ItemURLField(serializers.URLField):
    """The URL of something by its key, in E's spelling: no slash at the end. `tail` is what follows the key."""

    def __init__(self, path, tail="", **kwargs):
        super().__init__(read_only=True, **kwargs)
        self.path, self.tail = path, tail

    def to_representation(self, key):
        return self.context["request"].build_absolute_uri(f"{self.path}{key}{self.tail}")

    def expression(self):
        return _url(self.path, self.source, self.tail)


def _url(path, key, tail=""):
    return Concat(SITE, Value(path), Cast(key, TextField()), Value(tail), output_field=TextField())


class AnswerURLsField(serializers.ListField):
    """The URLs of the newest answers that the reader may see, newest first: MOST at the most."""

    PATH, MOST = "/api/comment/", 500

    def __init__(self, **kwargs):
        super().__init__(child=serializers.URLField(), source="*", read_only=True, **kwargs)

    def to_representation(self, ticket):
        request = self.context["request"]
        keys = Answer.objects.visible_to(request.user).filter(ticket=ticket).order_by("-id").values_list("pk", flat=True)
        return [request.build_absolute_uri(f"{self.PATH}{key}") for key in keys[: self.MOST]]

    def expression(self):
        # Which ones, depends on who asks: tickets.api.reads says it.
        return F("answer_urls")

    @classmethod
    def url(cls):
        """One of them, in SQL."""
        return _url(cls.PATH, "pk")


@examples(answer=_FILE)
class AttachmentSerializer(serializers.ModelSerializer):
    """A file that came with a message."""

    url = ItemURLField("/api/v1/attachments/", source="pk", help_text=_("Where to download it."))

    class Meta:
        model = Attachment
        fields = ("id", "name", "content_type", "size", "url")
        read_only_fields = fields


class AttachmentsField(serializers.ListField):
    """The files of a ticket's own message, or of an answer."""

    def __init__(self, **kwargs):
        super().__init__(child=AttachmentSerializer(), source="*", read_only=True, **kwargs)

    def to_representation(self, message):
        files = self._files(message.pk, type(message))
        return AttachmentSerializer(files, many=True, context=self.context).data

    def expression(self):
        return JSONRows(self._files(OuterRef("pk"), self.parent.Meta.model), AttachmentSerializer())

    @staticmethod
    def _files(key, model):
        of_ticket = {"ticket": key, "answer": None}
        return Attachment.objects.filter(**of_ticket if model is Ticket else {"answer": key}).order_by("position")


@examples(answer=_TICKET)
class TicketSerializer(serializers.ModelSerializer):
    """What a customer asked, and where it stands."""

    from_user_id = serializers.IntegerField(source="user_id", read_only=True)
    from_user = serializers.CharField(source="user.username", read_only=True, help_text=_("Username of who asked."))
    changed_status: serializers.PrimaryKeyRelatedField = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True, help_text=_("Who set the status last.")
    )
    answers = AnswerURLsField(help_text=_("URLs of the answers, newest first: the newest 500."))
    created_at = InstantField(read_only=True)
    awaiting = serializers.ChoiceField(
        choices=["support", "customer"],
        allow_null=True,
        read_only=True,
        help_text=_("Who owes the next word; null while it is closed and the customer has said nothing since."),
    )
    attachments = AttachmentsField()
    answers_url = ItemURLField("/api/ticket/", "/answer", source="pk", help_text=_("All answers in full, a page at a time."))

    class Meta:
        model = Ticket
        fields = (
            "id", "from_user_id", "from_user", "message", "status", "changed_status", "answers", "created_at",
            "subject", "priority", "assignee", "awaiting", "order", "meeting", "attachments", "answers_url",
        )  # fmt: skip
        read_only_fields = fields


class MessageSerializer(serializers.Serializer):
    """What all messages have. Files need `multipart/form-data`."""

    message = serializers.CharField(max_length=MESSAGE_LENGTH)
    files = serializers.ListField(
        child=serializers.FileField(max_length=1000),
        max_length=MOST_FILES,
        required=False,
        help_text=_("Up to five, by multipart/form-data."),
    )


@examples({"message": "Some message like FOO BAR BIZ"}, {"message": "It came broken.", "subject": "Broken", "order": 5})
class NewTicketSerializer(MessageSerializer):
    subject = WordsField(max_length=200, required=False, allow_blank=True)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    order = IdField(source="order_id", required=False, allow_null=True, help_text=_("One of your own orders."))
    meeting = IdField(source="meeting_id", required=False, allow_null=True, help_text=_("One of your own meetings."))


@examples({"priority": "high", "assignee": 4})
class TicketChangeSerializer(serializers.Serializer):
    """How support sorts a ticket."""

    subject = WordsField(max_length=200, required=False, allow_blank=True)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    assignee = IdField(source="assignee_id", required=False, allow_null=True, help_text=_("One of support, or null."))


@examples({"message": "answer message"}, {"message": "He called, too.", "internal": True})
class NewAnswerSerializer(MessageSerializer):
    internal = serializers.BooleanField(required=False, help_text=_("For support: a note that customers never see."))


@examples(answer={"id": 29, "message": "answer message"})
class AnswerWrittenSerializer(serializers.Serializer):
    """All that document E says of a new answer."""

    id = serializers.IntegerField()
    message = serializers.CharField()


@examples(answer=_ANSWER)
class AnswerSerializer(serializers.ModelSerializer):
    """One word in the conversation."""

    from_user_id = serializers.IntegerField(source="user_id", read_only=True)
    from_user = serializers.CharField(source="user.username", read_only=True, help_text=_("Username of who answered."))
    to_ticket = ItemURLField("/api/ticket/", source="ticket_id", help_text=_("URL of the ticket."))
    answered_at = InstantField(read_only=True)
    attachments = AttachmentsField()

    class Meta:
        model = Answer
        fields = ("id", "from_user_id", "from_user", "to_ticket", "message", "answered_at", "internal", "attachments")
        read_only_fields = fields


@examples({"status": "c"})
class StatusSerializer(serializers.Serializer):
    """u: unsolved, c: closed, f: frozen."""

    status = serializers.ChoiceField(choices=Status.choices)


@examples(answer={"status": "c", "changed_status": 1})
class StatusSetSerializer(StatusSerializer):
    """What document E answers."""

    changed_status = serializers.IntegerField()


@examples(answer={"id": 3, "from_status": "u", "to_status": "c", "changed_by": 1, "changed_at": "2022-06-22T15:02:11.000721Z"})
class StatusChangeSerializer(serializers.ModelSerializer):
    """That the status changed."""

    changed_by = serializers.IntegerField(source="user_id", read_only=True, allow_null=True)
    changed_at = InstantField(read_only=True)

    class Meta:
        model = StatusChange
        fields = ("id", "from_status", "to_status", "changed_by", "changed_at")
        read_only_fields = fields
