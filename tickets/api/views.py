"""Tickets, answers and files. Document E's paths and the canonical ones lead to the same views."""

from typing import ClassVar

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from config.csp import DOWNLOAD
from config.idempotency import idempotent
from config.reads import Detail, Listing
from config.viewsets import LeanMixin, ReadViewSet
from tickets import services
from tickets.api import serializers
from tickets.api.parsers import MESSAGE_PARSERS
from tickets.api.permissions import SeesTicket, SupportsTicket
from tickets.api.reads import TicketListing, of_ticket, tickets
from tickets.files import undone_if_it_fails
from tickets.models import Answer, Attachment, StatusChange, Ticket

_ANSWERS = Listing(of_ticket(Answer), serializers.AnswerSerializer)
_HISTORY = Listing(of_ticket(StatusChange), serializers.StatusChangeSerializer)


@extend_schema_view(
    list=extend_schema(
        summary="One's own tickets, newest first; all of them for support",
        description="A page of a `search` may be short, even empty, while its `Link` goes on: words that are frequent, but "
        "hardly ever together, are looked for some ten thousand tickets at a time.",
    ),
    retrieve=extend_schema(summary="One ticket"),
)
class TicketViewSet(ReadViewSet):
    """Customers ask, support answers and says where a ticket stands."""

    queryset = Ticket.objects.none()
    serializer_class = serializers.TicketSerializer
    listings: ClassVar = {"list": TicketListing(), "answers": _ANSWERS, "history": _HISTORY}
    item = Detail(tickets, serializers.TicketSerializer)

    @extend_schema(
        summary="Open a ticket",
        description="`order` and `meeting` name one's own that it is about. With `multipart/form-data`, `files` may come along.",
        request=serializers.NewTicketSerializer,
        responses={201: serializers.TicketSerializer},
    )
    @undone_if_it_fails
    @idempotent
    def create(self, request, **kwargs):
        ticket = services.open_ticket(by=request.user, returning=self.item.returning(request), **self.validated(request))
        return self.item.created(request, ticket)

    @extend_schema(
        summary="Sort a ticket (support)",
        request=serializers.TicketChangeSerializer,
        responses=serializers.TicketSerializer,
    )
    def partial_update(self, request, pk):
        services.change_ticket(by=request.user, ticket_id=int(pk), **self.validated(request))
        return self.item.respond(request, pk)

    @extend_schema(summary="The answers to a ticket, newest first")
    @action(["get"], detail=True, url_path="answer")
    def answers(self, request, pk):
        return _ANSWERS.respond(request, ticket=int(pk))

    @extend_schema(
        summary="Answer a ticket",
        description="If support does, its owner gets a notification and an e-mail. "
        "With `multipart/form-data`, `files` may come along.",
        request=serializers.NewAnswerSerializer,
        responses={201: serializers.AnswerWrittenSerializer},
    )
    @answers.mapping.post
    @undone_if_it_fails
    @idempotent
    def answer(self, request, pk):
        answer = services.answer_ticket(by=request.user, ticket_id=int(pk), **self.validated(request))
        return Response({"id": answer.pk, "message": answer.message}, status=201)

    @extend_schema(
        summary="Say where a ticket stands (support)",
        request=serializers.StatusSerializer,
        responses=serializers.StatusSetSerializer,
    )
    @action(["post"], detail=True)
    def set_status(self, request, pk):
        ticket = services.set_status(by=request.user, ticket_id=int(pk), **self.validated(request))
        return Response({"status": ticket.status, "changed_status": ticket.changed_status_id})

    @extend_schema(summary="How a ticket's status changed, newest first")
    @action(["get"], detail=True)
    def history(self, request, pk):
        return _HISTORY.respond(request, ticket=int(pk))

    def get_permissions(self):
        more = {
            "answers": SeesTicket,
            "answer": SeesTicket,
            "history": SeesTicket,
            "set_status": SupportsTicket,
            "partial_update": SupportsTicket,
        }
        return [IsAuthenticated(), *([more[self.action]()] if self.action in more else [])]

    def get_parsers(self):
        # DRF asks before it has set the action.
        name = self.action_map.get(self.request.method.lower()) if self.request else self.action
        return [parser() for parser in MESSAGE_PARSERS] if name in ("create", "answer") else super().get_parsers()

    def get_serializer_class(self):
        bodies = {
            "create": serializers.NewTicketSerializer,
            "answer": serializers.NewAnswerSerializer,
            "partial_update": serializers.TicketChangeSerializer,
            "set_status": serializers.StatusSerializer,
        }
        return bodies.get(self.action, self.serializer_class)


class AnswerViewSet(LeanMixin, GenericViewSet):
    """Single answers, as tickets name them."""

    queryset = Answer.objects.none()
    serializer_class = serializers.AnswerSerializer
    item = Detail(Answer.objects.visible_to, serializers.AnswerSerializer)

    @extend_schema(summary="One answer")
    def retrieve(self, request, pk):
        return self.item.respond(request, pk)


class AttachmentViewSet(LeanMixin, GenericViewSet):
    """Files of tickets and answers."""

    queryset = Attachment.objects.none()
    serializer_class = serializers.AttachmentSerializer

    @extend_schema(
        summary="Download a file",
        responses={(200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, "The file, of its own media type.")},
    )
    def retrieve(self, request, pk):
        attachment = services.open_attachment(by=request.user, attachment_id=int(pk))
        return FileResponse(
            attachment.file,
            as_attachment=True,
            filename=attachment.name,
            content_type=attachment.content_type,
            headers=DOWNLOAD,
        )
