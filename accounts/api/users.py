"""Accounts as Djoser lays them out (`/auth/users/…`), and as administrators manage them (`/api/v1/users/…`)."""

from typing import ClassVar

from django.db.models import Q
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode
from django.utils.translation import get_language
from djoser.views import UserViewSet as DjoserUserViewSet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import NotAuthenticated
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

from accounts import services
from accounts.api import exports, serializers
from accounts.models import User
from accounts.permissions import IsAdmin
from config.clients import place_of
from config.fields import SearchField
from config.filters import Filter, Flag, column_choices
from config.idempotency import idempotent
from config.keys import key_of
from config.limits import count_try
from config.openapi import NO_CONTENT
from config.reads import Detail, Listing
from config.viewsets import ReadViewSet

ANONYMOUS_ACTIONS = {"create", "reset_password", "reset_password_confirm"}
_CHANGE = "E-mail and phone need `current_password`, and the old address is told. What is no owner's to change stays as it is."
_MANAGE = "Its owner or an administrator; `user_type`, `is_staff` and `is_active` change by administrators alone."
_CLOSE = (
    "The person is erased: names, addresses, what was said in their tickets. Tickets, meetings and orders stay, of a deleted "
    "user. Owners give `current_password`. The last administrator cannot go: 409."
)
OPEN_ACTIONS = ANONYMOUS_ACTIONS | {"verify", "verify_confirm"}


class _ManagingViewSet(ReadViewSet):
    """What both doors to accounts do with one of those that the caller may see."""

    queryset = User.objects.none()

    def get_object(self):
        return get_object_or_404(self.item.rows(self.request.user), pk=self.kwargs["pk"])

    def update(self, request, pk, partial=False):
        values = self.validated(request, partial=partial)
        services.change_account(by=request.user, user=self.get_object(), **values)
        return self.item.respond(request, pk)

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        user = self.get_object()
        services.close_account(by=request.user, user=user, **self.validated(request))
        return Response(status=204)


@extend_schema_view(
    list=extend_schema(summary="Accounts: all of them for support, else one's own"),
    create=extend_schema(
        summary="Open an account",
        description="By e-mail or phone or both. The account is active at once. No Idempotency-Key is taken, as nobody is signed "
        "in whose key it could be: sent again, it is a 400 `unique`.",
    ),
    retrieve=extend_schema(summary="One account"),
    update=extend_schema(summary="Change an account", description=_CHANGE),
    partial_update=extend_schema(summary="Change some members of an account", description=_CHANGE),
    destroy=extend_schema(
        summary="Close an account, for good", description=_CLOSE, request=serializers.CurrentPasswordSerializer
    ),
    reset_password=extend_schema(
        summary="Ask for a new password",
        description="A link by mail, or a code by SMS. The answer is the same whether there is such an account.",
    ),
    reset_password_confirm=extend_schema(
        summary="Set the new password",
        description="With the link's `uid` and `token`, or a name and the code. Ends all sessions.",
    ),
    set_password=extend_schema(summary="Change one's password", description="Ends every session, this one included."),
    set_username=extend_schema(summary="Change one's username", description="Needs the current password."),
    verify=extend_schema(summary="Ask for a code that proves an address", description="It goes to one's e-mail or phone."),
    verify_confirm=extend_schema(summary="Prove an address by its code", description="Each code is good for a few tries."),
)
class AccountViewSet(_ManagingViewSet, DjoserUserViewSet):
    """Accounts in their owners' hands."""

    # Djoser's paths; each calls a service. Its activation by mail is left out: accounts are active at once.
    listings: ClassVar = {"list": Listing(User.objects.visible_open, serializers.UserSerializer)}
    item = Detail(User.objects.visible_open, serializers.UserSerializer)
    lookup_field = "pk"
    activation = resend_activation = reset_username = reset_username_confirm = None

    def get_permissions(self):
        return [AllowAny() if self.action in OPEN_ACTIONS else IsAuthenticated()]

    def get_authenticators(self):
        # An old token in the header must not keep anybody from registering.
        name = self.action_map.get(self.request.method.lower()) if self.request else None
        return [] if name in ANONYMOUS_ACTIONS else super().get_authenticators()

    def create(self, request):
        values = self.validated(request)
        count_try("sign_up", place_of(request))
        user = services.register_user(**values, language=get_language())
        return Response(serializers.UserSerializer(user, context=self.get_serializer_context()).data, status=201)

    @extend_schema(methods=["GET"], summary="One's own account", description="Names, addresses, and the newest own tickets.")
    @extend_schema(methods=["PUT"], summary="Change one's account", description=_CHANGE)
    @extend_schema(methods=["PATCH"], summary="Change some members of one's account", description=_CHANGE)
    @extend_schema(
        methods=["DELETE"],
        summary="Close one's account, for good",
        description=_CLOSE,
        request=serializers.CurrentPasswordSerializer,
    )
    @action(["get", "put", "patch", "delete"], detail=False)
    def me(self, request, **kwargs):
        self.kwargs["pk"] = request.user.pk  # which comes along when it is tried again (config.retries)
        handlers = {"PUT": self.update, "PATCH": self.partial_update, "DELETE": self.destroy}
        return handlers.get(request.method, self.retrieve)(request, request.user.pk)

    @extend_schema(responses=exports.RESPONSES)
    @action(["get"], detail=False, url_path="me/export")
    def export(self, request):
        """Everything about oneself: 202 until a job has written it, then a download."""
        return exports.answer_with(services.request_export(by=request.user))

    @extend_schema(responses=NO_CONTENT)
    @action(["post"], detail=False)
    def set_password(self, request):
        services.change_password(by=request.user, **self.validated(request))
        return Response(status=204)

    @extend_schema(responses=NO_CONTENT)
    @action(["post"], detail=False)
    def set_username(self, request):
        values = self.validated(request)
        services.change_username(by=request.user, username=values["new_username"], current_password=values["current_password"])
        return Response(status=204)

    @extend_schema(responses=NO_CONTENT)
    @action(["post"], detail=False)
    def reset_password(self, request):
        services.request_reset(**self.validated(request), address=place_of(request))
        return Response(status=204)

    @extend_schema(responses=NO_CONTENT)
    @action(["post"], detail=False)
    def reset_password_confirm(self, request):
        values = self.validated(request)
        services.confirm_reset(
            new_password=values["new_password"],
            user_id=_user_id(values.get("uid")),
            token=values.get("token"),
            identifier=values["identifier"],
            digits=values.get("code"),
            address=place_of(request),
        )
        return Response(status=204)

    @extend_schema(responses=NO_CONTENT)
    @action(["post"], detail=False, serializer_class=serializers.ChannelSerializer)
    def verify(self, request):
        values = self.validated(request)
        if request.user.is_authenticated:
            services.request_verification(by=request.user, channel=values["channel"])
        else:
            name = self.named(values)
            services.request_verification_of(identifier=name, channel=values["channel"], address=place_of(request))
        return Response(status=204)

    @extend_schema(responses=NO_CONTENT)
    @action(["post"], detail=False, url_path="verify/confirm", serializer_class=serializers.VerificationSerializer)
    def verify_confirm(self, request):
        values = self.validated(request)
        who = {"user_id": request.user.pk} if request.user.is_authenticated else {"identifier": self.named(values)}
        services.confirm_verification(channel=values["channel"], digits=values["code"], address=place_of(request), **who)
        return Response(status=204)

    @staticmethod
    def named(values):
        """The name of the account that somebody who is not signed in wants to verify."""
        if not values.get("username"):
            raise NotAuthenticated
        return values["username"]

    def get_serializer_class(self):
        if self.action in ("verify", "verify_confirm"):
            return self.serializer_class
        return super().get_serializer_class()


def _user_id(uid):
    """The key in a reset link's uid, or None for what is no key."""
    try:
        return key_of(force_str(urlsafe_base64_decode(uid or "")))
    except ValueError:
        return None


@extend_schema_view(
    list=extend_schema(summary="All accounts (administrators)"),
    create=extend_schema(summary="Open an account of any type (administrators)"),
    retrieve=extend_schema(summary="One account"),
    update=extend_schema(summary="Change an account", description=_MANAGE),
    partial_update=extend_schema(summary="Change some members of an account", description=_MANAGE),
    destroy=extend_schema(summary="Close an account, for good", description=_CLOSE, request=serializers.ClosingSerializer),
)
class UserViewSet(_ManagingViewSet):
    """Accounts in the hands of administrators; owners see and change their own here too."""

    serializer_class = serializers.AdminUserSerializer
    listings: ClassVar = {
        "list": Listing(
            User.objects.managed_by,
            serializers.UserSerializer,
            filters=(
                column_choices("user_type", "user_type", User.Type.values),
                Flag("is_staff", Q(is_staff=True)),
                Filter("search", SearchField(), User.objects.search, planned=True),
            ),
        )
    }
    item = Detail(User.objects.managed_by, serializers.UserSerializer)

    def get_permissions(self):
        return [IsAuthenticated(), IsAdmin()] if self.action in ("list", "create") else [IsAuthenticated()]

    def get_serializer_class(self):
        bodies = {"create": serializers.NewAccountSerializer, "destroy": serializers.ClosingSerializer}
        return bodies.get(self.action, self.serializer_class)

    @idempotent
    def create(self, request):
        user = services.create_account(by=request.user, **self.validated(request))
        return self.item.respond(request, user.pk, status=201)
