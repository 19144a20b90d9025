"""The environment variables that the service is started with."""

import os
import re
import secrets
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from local import ROOT, Stop, venv
from local.postgres import Server


def data_dir(env):
    """Where the database, keys, uploads and the outbox of `make run` lie."""
    return Path(env.get("FRONTDESK_DATA") or ROOT / ".data").resolve()


def for_run(env):
    """What `make run` sets where neither the environment nor .env does: plain http on loopback, and keys of its own."""
    env = {**read_env_file(ROOT / ".env"), **env}
    port, folder = env.get("PORT") or "8000", data_dir(env)
    host = env.get("HOST") or "127.0.0.1"
    site = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HOST": host,
        "PORT": port,
        "HTTPS": "off",
        "SITE_URL": f"http://{f'[{site}]' if ':' in site else site}:{port}",
        **_keys(folder / "keys.env"),
    }
    env |= {name: value for name, value in defaults.items() if not env.get(name)}
    env["FRONTDESK_DATA"] = str(folder)  # whatever folder a program of ours is started in
    return {name: value for name, value in env.items() if value}


def read_env_file(path):
    """The NAME=value lines of a file; blank lines and those that start with # say nothing. {} where there is no file."""
    found = {}
    for number, line in enumerate(_read(path).splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip().isidentifier():
            raise Stop(f"{path}, line {number}: write NAME=value.")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def _read(path):
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except UnicodeDecodeError:
        raise Stop(f"{path} is not UTF-8. Save it in that encoding.") from None


def _keys(path):
    """SECRET_KEY and JWT_KEY, made once: a restart must not sign everybody out."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Written whole under another name, and linked: of several starts at once one wins, and none sees half a file.
            with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:
                draft.write("".join(f"{name}={secrets.token_urlsafe(48)}\n" for name in ("SECRET_KEY", "JWT_KEY")))
                draft.flush()
                with suppress(FileExistsError):
                    os.link(draft.name, path)
    except OSError as error:
        raise Stop(f"{path.parent} cannot be used: {error.strerror}. Set FRONTDESK_DATA to a folder of yours.") from None
    return read_env_file(path)


def python_for_tests():
    """The path of a Python with all that tests and checks need."""
    return venv.ensure("run", "fast", "dev", *([] if os.environ.get("TEST_DATABASE_URL") else ["postgres"]))


@contextmanager
def for_tests(python):
    """The environment of the tests. PostgreSQL is one of their own for as long, unless TEST_DATABASE_URL names another."""
    settings = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    env = {name: value for name, value in os.environ.items() if name not in settings}
    env |= {"SECRET_KEY": secrets.token_urlsafe(48), "JWT_KEY": secrets.token_urlsafe(48), "HTTPS": "off"}
    with tempfile.TemporaryDirectory(prefix="frontdesk-test-", ignore_cleanup_errors=True) as folder:
        # pytest's own folder for all runs of a user is tidied up by one run under the feet of another.
        env |= {"FRONTDESK_DATA": folder, "PYTEST_DEBUG_TEMPROOT": folder}
        if url := os.environ.get("TEST_DATABASE_URL"):
            yield env | {"DATABASE_URL": url}
            return
        server = Server(Path(folder) / "postgres", python, fast=True)
        server.start()
        try:
            yield env | {"DATABASE_URL": server.create_database("frontdesk")}
        finally:
            server.stop()
