"""What browsers are told about pages."""

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/admin/login/", "/api/docs/"])
def test_pages_take_scripts_from_here_alone_and_are_framed_by_nobody(client, path):
    answer = client.get(path)

    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "https://" not in policy


def test_the_api_answers_json_that_nobody_sniffs_and_needs_no_policy():
    answer = APIClient().get("/api/v1/users/")

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" not in answer
