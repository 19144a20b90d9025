"""Two requests that lock two rows in opposite order: one is the victim, and nobody hears of it."""

import threading
import time

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts import services
from accounts.models import User
from config.retries import RetryingMixin
from tests.concurrency.racing import race
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Rename(APIView):
    """Renames two people in one transaction, in the order given; the first tries of all meet between the two."""

    authentication_classes = permission_classes = ()
    meeting: threading.Barrier

    def post(self, request):
        with transaction.atomic():
            for key in request.data["people"]:
                User.objects.filter(pk=key).update(last_name=request.data["name"])
                if not getattr(self, "met", False):
                    self.met = True
                    self.meeting.wait(10)
        return Response({})


class RetryingRename(RetryingMixin, Rename):
    pass


def collide(view, alice, bob):
    """The statuses of two such requests at once."""
    view.meeting = threading.Barrier(2)
    bodies = [{"people": [alice.pk, bob.pk], "name": "One"}, {"people": [bob.pk, alice.pk], "name": "Two"}]
    answers = race(lambda body: view.as_view()(APIRequestFactory().post("/", body, format="json")), bodies)
    return sorted(answer.status_code for answer in answers)


def test_the_victim_of_a_deadlock_is_tried_again(alice, bob):
    assert collide(RetryingRename, alice, bob) == [200, 200]
    assert len(set(User.objects.values_list("last_name", flat=True))) == 1


def test_control_without_a_further_try_one_client_gets_a_503(alice, bob):
    assert collide(Rename, alice, bob) == [200, 503]


class Failing(RetryingMixin, APIView):
    """Fails as often as told, by the error told."""

    authentication_classes = permission_classes = ()
    error, times, tries = psycopg.errors.SerializationFailure, 1, 0

    def post(self, request):
        type(self).tries += 1
        if self.tries <= self.times:
            raise OperationalError from self.error()
        return Response({})


@pytest.mark.parametrize(
    ("error", "times", "status", "tries"),
    [
        (psycopg.errors.SerializationFailure, 2, 200, 3),
        (psycopg.errors.DeadlockDetected, 2, 200, 3),
        (psycopg.errors.DeadlockDetected, 9, 503, 3),
        # Nobody knows whether a COMMIT whose connection broke took place; only a key makes it safe to ask again.
        (psycopg.errors.AdminShutdown, 1, 503, 1),
        (psycopg.errors.LockNotAvailable, 1, 503, 1),
        (psycopg.errors.QueryCanceled, 1, 503, 1),
    ],
)
def test_only_what_was_surely_undone_is_tried_again_and_not_forever(error, times, status, tries):
    view = type("View", (Failing,), {"error": error, "times": times})

    answer = view.as_view()(APIRequestFactory().post("/", {}, format="json"))

    assert (answer.status_code, view.tries) == (status, tries)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_each_further_try_comes_after_a_pause_by_chance(monkeypatch):
    """Two victims that waited equally long would meet again."""
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    for _ in range(10):
        type("View", (Failing,), {"times": 2}).as_view()(APIRequestFactory().post("/", {}, format="json"))

    assert len(set(pauses)) == 20
    assert 0 < max(pauses[::2]) <= 0.02 < max(pauses[1::2]) <= 0.1


def test_inside_a_transaction_nothing_is_tried_again():
    """It is undone as a whole or not at all: whoever began it decides."""
    view = type("View", (Failing,), {})

    with transaction.atomic():
        assert connection.in_atomic_block
        answer = view.as_view()(APIRequestFactory().post("/", {}, format="json"))

    assert (answer.status_code, view.tries) == (503, 1)


def test_uploads_are_not_read_twice():
    view = type("View", (Failing,), {"parser_classes": [MultiPartParser]})

    request = APIRequestFactory().post("/", {"file": SimpleUploadedFile("a.txt", b"hello")}, format="multipart")

    assert (view.as_view()(request).status_code, view.tries) == (503, 1)


def test_who_may_not_does_not_by_being_tried_again():
    """The victim may be the statement that tells who asks; whether they may is asked after it."""
    failures = iter([OperationalError()])

    class Asks(BaseAuthentication):
        def authenticate(self, request):
            for error in failures:
                raise error from psycopg.errors.DeadlockDetected()

    class Nobody(BasePermission):
        def has_permission(self, request, view):
            return False

    view = type("View", (Failing,), {"authentication_classes": [Asks], "permission_classes": [Nobody]})

    answer = view.as_view()(APIRequestFactory().post("/", {}, format="json"))

    assert (answer.status_code, view.tries) == (403, 0)


@pytest.mark.parametrize(
    ("method", "service", "status"),
    [("put", "change_account", 200), ("patch", "change_account", 200), ("delete", "close_account", 204)],
)
def test_what_one_does_to_ones_own_account_is_tried_again(monkeypatch, as_user, alice, method, service, status):
    real, failures = getattr(services, service), iter([OperationalError()])

    def fail_once(**values):
        for error in failures:
            raise error from psycopg.errors.DeadlockDetected()
        return real(**values)

    monkeypatch.setattr(services, service, fail_once)
    body = {"first_name": "Alicia", "current_password": PASSWORD}

    assert getattr(as_user(alice), method)("/auth/users/me/", body).status_code == status
    assert next(failures, None) is None
