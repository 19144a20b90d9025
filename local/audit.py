"""Are vulnerabilities known of the versions that are locked? pip-audit asks the package index, package by package.

What is known changes without us, so a vulnerability fails the check. Where nobody can be asked (no network, an index that
keeps no advisories), that is said and not held against the change: the check must be of use offline.
"""

import json
import subprocess
from collections import Counter

from local import ROOT, venv

FILES = sorted({venv.UV, *(file for _, file in venv.SETS.values())})
_PATIENCE = 180  # seconds for all packages of a file; the index is asked for each
_SOCKET_PATIENCE = 5  # seconds without an answer


class Audit:
    """Starts asking at once, beside the other checks: it is the network that takes the time."""

    def __init__(self, python):
        command = [python, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
        command += ["--format", "json", "--desc", "off", "--timeout", str(_SOCKET_PATIENCE), "-r"]
        self._running = {
            path.name: subprocess.Popen([*command, path], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for path in FILES
        }

    def report(self):
        """What was found, as (vulnerabilities, what could not be audited), both sentences."""
        vulnerable, unknown = [], []
        for name, process in self._running.items():
            try:
                out, err = process.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                unknown.append(f"{name}: no answer within {_PATIENCE} s")
                continue
            found, missed = read(name, out, err)
            vulnerable += found
            unknown += missed
        return vulnerable, unknown


def read(name, out, err):
    """What pip-audit said of one file, as (vulnerabilities, what it could not audit).

    It calls a package that the index does not know skipped, and ends well; where it can ask nobody, it writes no JSON.
    """
    try:
        packages = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (err.strip().splitlines() or ["no answer"])[-1]
        return [], [f"{name}: {reason}"]
    vulnerable = [
        f"{name}: {package['name']} {package['version']} has {one['id']}, mended in {_versions(one)}"
        for package in packages
        for one in package.get("vulns", ())
    ]
    skipped = [package for package in packages if "skip_reason" in package]
    if not skipped:
        return vulnerable, []
    reason, count = Counter(package["skip_reason"].partition(":")[0] for package in skipped).most_common(1)[0]
    few = f" ({', '.join(package['name'] for package in skipped)})" if len(skipped) <= 3 else ""
    return vulnerable, [f"{name}: {len(skipped)} of {len(packages)} packages{few}; of {count} it was said: {reason}"]


def _versions(vulnerability):
    return ", ".join(vulnerability["fix_versions"]) or "no version yet"
