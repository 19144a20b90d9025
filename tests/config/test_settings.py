"""A wrong setting stops the start and says how to mend it."""

import os
import subprocess
import sys
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.env import Rate
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
        ({"DATABASE_URL": "sqlite:///x"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "garbage"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "postgres://u:p#1@localhost/none"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "postgres://u:p@localhost"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"HTTPS": "perhaps"}, "HTTPS='perhaps' is neither on nor off"),
        ({"LIMIT_SIGN_IN": "often"}, "LIMIT_SIGN_IN='often' is not a limit"),
        ({"LIMIT_SIGN_IN": "0/5m"}, "is not a limit"),
        ({"LIMIT_SIGN_IN": "5/00m"}, "is not a limit"),
        ({"TRUSTED_PROXIES": "10.0.0.300"}, "TRUSTED_PROXIES"),
        ({"DELIVERY_ATTEMPTS": "-1"}, "DELIVERY_ATTEMPTS='-1' is not a whole number from 1"),
        ({"SESSION_LIFETIME": "0s"}, "SESSION_LIFETIME must be at least 1s"),
        ({"DELIVERY_RETENTION": "999999d"}, "DELIVERY_RETENTION='999999d' is longer than 36500d"),
        ({"SITE_URL": "example.com"}, "SITE_URL='example.com' is not the address of a site"),
        ({"SITE_URL": "http://::1:8000"}, "is not the address of a site"),
        ({"ALLOWED_HOSTS": "a.example.com https://b.example.com"}, "ALLOWED_HOSTS: 'https://b.example.com' is no host name"),
        ({"ALLOWED_HOSTS": "a.example.com:8000"}, "is no host name"),
        ({"ADMIN_EMAIL": "garbage"}, "ADMIN_EMAIL='garbage' is not an e-mail address"),
        ({"DEFAULT_FROM_EMAIL": "garbage"}, "DEFAULT_FROM_EMAIL='garbage' is not a sender"),
        ({"DEFAULT_FROM_EMAIL": "Desk <desk>"}, "is not a sender"),
        (
            {"PASSWORD_RESET_URL": "https://x/{user}"},
            "PASSWORD_RESET_URL='https://x/{user}' is not an address with {uid} and {token}",
        ),
        ({"PASSWORD_RESET_URL": "https://x/{uid}"}, "is not an address with {uid} and {token}"),
        ({"PAYMENT_RETURN_URL": "https://x/{nope}"}, "PAYMENT_RETURN_URL='https://x/{nope}' is not an address with {order}"),
        ({"PAYMENT_RETURN_URL": "https://x/{"}, "is not an address with {order}"),
        ({"PAYMENT_PROVIDER": "cash"}, "PAYMENT_PROVIDER='cash' is unknown. Use stripe or offline"),
        ({"LANGUAGE_CODE": "de"}, "LANGUAGE_CODE='de' is unknown. Use pl, ru or en"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL='LOUD' is unknown. Use DEBUG, WARNING, ERROR or INFO"),
        ({"STUDIO_TIME_ZONE": "Mars"}, "STUDIO_TIME_ZONE='Mars' is not a time zone"),
        ({"STUDIO_TIME_ZONE": "../UTC"}, "is not a time zone"),
        ({"STUDIO_TIME_ZONE": "Europe"}, "is not a time zone"),
        ({"SHOP_CURRENCY": "eur"}, "SHOP_CURRENCY='eur' is not a currency"),
    ],
)
def test_a_wrong_one_is_told_with_the_way_out(changes, message):
    done = start(**changes)

    assert done.returncode != 0
    assert message in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"WEB_THREADS": "0"}, "WEB_THREADS='0' is not a whole number from 1"),
        ({"WEB_WORKERS": "abc"}, "WEB_WORKERS='abc' is not a whole number from 1"),
        ({"PORT": "65536"}, "PORT='65536' is not a whole number from 1 to 65535"),
    ],
)
def test_gunicorn_tells_a_wrong_one_too(changes, message):
    command = [sys.executable, "-m", "gunicorn", "--check-config", "-c", "config/gunicorn.py", "config.wsgi"]

    done = subprocess.run(command, cwd=ROOT, env=GOOD | changes, capture_output=True, text=True)

    assert done.returncode != 0
    assert message in done.stderr.splitlines()[-1]


def test_a_debug_server_makes_up_its_keys():
    assert start(DEBUG="on", SECRET_KEY=None, JWT_KEY=None).stdout.split() == ["False", "False", "True"]


@pytest.mark.parametrize(
    ("read", "meanings"),
    [
        (lambda: env.text("IT", "none"), {"": "none", " ": "none", " two words ": "two words"}),
        (lambda: env.secret("IT", debug=True), {"s" * 32: "s" * 32, "ż" * 16: "ż" * 16}),
        (lambda: env.boolean("IT", None), {" ": None} | dict.fromkeys((" On ", "yes", "TRUE", "1"), True)),
        (lambda: env.boolean("IT", None), dict.fromkeys((" Off ", "no", "FALSE", "0"), False)),
        (lambda: env.integer("IT", 5, least=-1, most=9), {" ": 5, "-1": -1, " 9 ": 9, "007": 7}),
        (lambda: env.choice("IT", "INFO", "debug"), {"": "INFO", "info": "INFO", "DEBUG": "debug"}),
        (lambda: env.site("IT", "http://a"), {"": "http://a", "https://example.com:8000/": "https://example.com:8000"}),
        (lambda: env.sender("IT", "a@example.com"), {"": "a@example.com", "A <b@example.com>": "A <b@example.com>"}),
        (lambda: env.words("IT", "a b"), {"": ["a", "b"], " c, d\n": ["c", "d"]}),
        (lambda: env.hosts("IT", "*"), {"": ["*"], "a-1.example.com .example.com": ["a-1.example.com", ".example.com"]}),
        (lambda: env.hosts("IT", "*"), {"127.0.0.1,[::1]": ["127.0.0.1", "[::1]"]}),
        (
            lambda: env.duration("IT", "1s"),
            {" ": timedelta(seconds=1), " 90s ": timedelta(seconds=90), "2m": timedelta(minutes=2)},
        ),
        (lambda: env.duration("IT", "1s", least=3600), {"1h": timedelta(hours=1), "36500d": timedelta(days=36500)}),
        (lambda: env.durations("IT", "24h,1h"), {"": [timedelta(days=1), timedelta(hours=1)], "off": []}),
        (lambda: env.optional_duration("IT"), {" ": None, "off": None, " 7d ": timedelta(days=7)}),
        (lambda: env.rate("IT", "1/s"), {" ": Rate(1, 1), "off": Rate(0, 0), " 5/10m ": Rate(5, 600), "60/h": Rate(60, 3600)}),
        (lambda: env.networks("IT"), {"": [], "10.0.0.0/8 ::1": [ip_network("10.0.0.0/8"), ip_network("::1")]}),
    ],
)
def test_a_right_one_means_what_it_says(read, meanings, monkeypatch):
    for written, meant in meanings.items():
        monkeypatch.setenv("IT", written)
        assert read() == meant, written


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        (lambda: env.secret("IT", debug=True), ["s" * 31, "ż" * 15]),
        (lambda: env.integer("IT", 5, least=1, most=9), ["0", "10", "5.5", "5 6"]),
        (
            lambda: env.site("IT", ""),
            ["ftp://a", "https://", "https://a:0", "https://a:x", "https://b@a", "https://a?b", "https://a#b"],
        ),
        (lambda: env.email("IT", ""), ["a", "A <a@example.com>"]),
        (lambda: env.hosts("IT", ""), ["**", "..example.com", "example.com.", "[a", "a/b"]),
        (lambda: env.duration("IT", "", least=3600), ["3599s", "90", "1.5h", "-1h", "36501d", "1h 1m", "9999999s"]),
        (lambda: env.durations("IT", ""), ["1h,off", "1h,90"]),
        (lambda: env.rate("IT", ""), ["5", "5/", "5/m5", "-5/m", "5/5", "0/0m"]),
        (lambda: env.networks("IT"), ["10.0.0.1/8", "example.com"]),
        (lambda: env.template("IT", "", "order"), ["{order.x}", "{order[x]}", "{order!x}", "{0}", "{}", "}"]),
    ],
)
def test_a_nearly_right_one_is_none(read, wrong, monkeypatch):
    for written in wrong:
        monkeypatch.setenv("IT", written)
        with pytest.raises(ImproperlyConfigured, match=r"^IT"):
            read()


def test_a_deployment_has_nothing_that_django_warns_of():
    changes = {"SITE_URL": "https://x.example.com", "ALLOWED_HOSTS": "x.example.com", "TRUSTED_PROXIES": "10.0.0.0/8"}
    keys = {"SECRET_KEY": "".join(map(chr, range(48, 122))), "JWT_KEY": "".join(map(chr, range(49, 123)))}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(command, cwd=ROOT, env=GOOD | changes | keys, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
