"""The shapes of an export: a promise, then a download."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import Export
from config.csp import DOWNLOAD
from config.fields import InstantField
from config.openapi import examples

_POLL = 3  # seconds; a job that nobody waits for before it takes less


@examples(
    answer={
        "status": "pending",
        "created_at": "2026-11-21T14:12:07.488396Z",
        "expires_at": "2026-11-22T14:12:07.488396Z",
    },
    status=202,
)
class ExportSerializer(serializers.ModelSerializer):
    """An export that is being made."""

    status = serializers.CharField(default="pending", read_only=True)
    created_at = InstantField()
    expires_at = InstantField(help_text="Then it is gone, and another can be asked for.")

    class Meta:
        model = Export
        fields = ("status", "created_at", "expires_at")
        read_only_fields = fields


_DOCUMENT = {
    "service": "https://frontdesk.example.com",
    "exported_at": "2026-11-21T14:12:09.120000Z",
    "account": {"id": 19, "username": "example_user", "email": "email@example.com", "created_at": "2026-01-02T08:00:00.000000Z"},
    "tickets": [{"id": 66, "subject": "", "message": "Some message like FOO BAR BIZ", "status": "u"}],
    "orders": [{"id": 7, "address": "Main Street 1", "phone": "+48123666789", "total": "19.80", "currency": "EUR"}],
}
RESPONSES = {
    200: OpenApiResponse(
        {"type": "object", "additionalProperties": True},
        "The document, as a download: one member for each kind of record.",
        examples=[OpenApiExample("Document (shortened)", _DOCUMENT)],
    ),
    202: OpenApiResponse(ExportSerializer, "It is being made; Retry-After says when to look again."),
}


def answer_with(export):
    """The response that hands an export over, or says that it is not ready."""
    if export.body is None:
        return Response(ExportSerializer(export).data, status=202, headers={"Retry-After": str(_POLL)})
    return Response(
        bytes(export.body),
        headers={"Content-Disposition": 'attachment; filename="frontdesk.json"', **DOWNLOAD},
    )
