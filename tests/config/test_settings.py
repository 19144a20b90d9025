"""A wrong setting stops the start and says how to mend it."""

import os
import subprocess
import sys

import pytest

from tests.live import ROOT

GOOD = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "s" * 40,
    "JWT_KEY": "j" * 40,
    "DATABASE_URL": "postgres://nobody@localhost/none",
}


def start(**changes):
    env = {name: value for name, value in (GOOD | changes).items() if value is not None}
    command = [sys.executable, "-c", "import config.settings as s; print(s.HTTPS, s.SESSION_COOKIE_SECURE, s.DEBUG)"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_good_settings_are_those_of_production():
    assert start().stdout.split() == ["True", "True", "False"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY must be set to at least 32 bytes"),
        ({"JWT_KEY": None}, "JWT_KEY must be set to at least 32 bytes"),
        ({"JWT_KEY": "short"}, "JWT_KEY must be set to at least 32 bytes"),
        ({"JWT_KEY": "s" * 40}, "JWT_KEY equals SECRET_KEY"),
        ({"DATABASE_URL": None}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:///x"}, "must name a PostgreSQL database"),
        ({"HTTPS": "perhaps"}, "HTTPS='perhaps' is neither on nor off"),
        ({"LIMIT_SIGN_IN": "often"}, "LIMIT_SIGN_IN='often' is not a limit"),
        ({"LIMIT_SIGN_IN": "0/5m"}, "is not a limit"),
        ({"LIMIT_SIGN_IN": "5/00m"}, "is not a limit"),
        ({"TRUSTED_PROXIES": "10.0.0.300"}, "TRUSTED_PROXIES"),
        ({"DELIVERY_ATTEMPTS": "-1"}, "is not a whole number of at least 1"),
    ],
)
def test_a_wrong_one_is_told_with_the_way_out(changes, message):
    done = start(**changes)

    assert done.returncode != 0
    assert message in done.stderr.splitlines()[-1]


def test_a_deployment_has_nothing_that_django_warns_of():
    changes = {"SITE_URL": "https://x.example.com", "ALLOWED_HOSTS": "x.example.com", "TRUSTED_PROXIES": "10.0.0.0/8"}
    keys = {"SECRET_KEY": "".join(map(chr, range(48, 122))), "JWT_KEY": "".join(map(chr, range(49, 123)))}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(command, cwd=ROOT, env=GOOD | changes | keys, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
