"""No request makes the service fail, or answer otherwise than its OpenAPI document says; bench/fuzz.py tries for longer."""

import pytest

from accounts.services import start_session
from tests.fuzzing import fuzz
from tests.live import Service
from tests.world import world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECONDS = 4  # for each role
LIMITS_OFF = dict.fromkeys(("LIMIT_SIGN_IN", "LIMIT_SIGN_UP", "LIMIT_RESET", "LIMIT_CODE", "LIMIT_GUESS", "LIMIT_API"), "off")


def test_no_role_finds_a_server_error_or_a_wrong_answer(alice, sue, tim, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    world(alice=alice, sue=sue, tim=tim)
    tokens = {"anonymous": None} | {user.username: start_session(user=user).access for user in (alice, sue, tim)}

    with Service(tmp_path, worker=False, workers=1, **LIMITS_OFF) as service:
        for role, token in tokens.items():
            found = fuzz(service.url, token, seconds=SECONDS, seed=1)

            assert not found.failed, f"as {role}:\n{found.report}"
            assert found.requests  # how many in that time, the machine decides
