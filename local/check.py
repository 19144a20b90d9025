"""make check: everything that must hold before a change is shared."""

import subprocess
import time

from local import ROOT, environment, locks, say
from local.audit import Audit

# Values that a deployment would have; nothing is contacted.
_PRODUCTION = {
    "HTTPS": "on",
    "SITE_URL": "https://frontdesk.example.com",
    "ALLOWED_HOSTS": "frontdesk.example.com",
    "TRUSTED_PROXIES": "10.0.0.0/8",
}


def run(test):
    """Runs all steps, also after one has failed, and names those that did. Returns the exit code."""
    python = environment.python_for_tests()
    audit = Audit(python)
    failed = []

    def step(name, command, env):
        say(f"\n== {name}")
        began = time.monotonic()
        if subprocess.call([python, *command] if isinstance(command, list) else command, cwd=ROOT, env=env):
            failed.append(name)
        say(f"   {time.monotonic() - began:.1f} s")

    say("\n== requirement files")
    if differences := locks.differences():
        say("\n".join(differences))
        failed.append("requirement files")
    with environment.for_tests(python) as env:
        step("lint", ["-m", "ruff", "check", "."], env)
        step("format", ["-m", "ruff", "format", "--check", "."], env)
        step("types", ["-m", "mypy", "config", "accounts", "tickets", "scheduling", "shop", "notifications", "local"], env)
        step("architecture", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"], env)
        step("migrations", ["manage.py", "makemigrations", "--check", "--dry-run"], env)
        step("deployment", ["manage.py", "check", "--deploy", "--fail-level", "WARNING"], env | _PRODUCTION)
        step("openapi", ["manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null"], env)
    say("\n== dependencies")
    vulnerable, unknown = audit.report()
    say("\n".join([*vulnerable, *(f"not audited: {sentence}" for sentence in unknown)]) or "No known vulnerabilities.")
    if vulnerable:
        failed.append("dependencies")
    say("\n== tests")
    if test([]):
        failed.append("tests")
    say(f"\nFailed: {', '.join(failed)}." if failed else "\nAll checks passed.")
    return 1 if failed else 0
