"""The requirement files: `….in` says what we want, `….txt` which versions that is, with the hashes of their files."""

import re
import subprocess

from local import ROOT, Stop, venv

FILES = (venv.UV, *(file for _, file in venv.SETS.values()))


def write():
    """Writes all .txt anew, with today's versions. Returns the exit code."""
    venv.ensure()
    uv = venv.find_uv()
    if not uv:
        raise Stop("uv is needed to lock requirements, and could not be installed. Is the package index within reach?")
    for path in FILES:
        source, target = (str(path.with_suffix(suffix).relative_to(ROOT)) for suffix in (".in", ".txt"))
        command = [uv, "pip", "compile", "-q", "--generate-hashes", "--upgrade", "--python-version", "3.11"]
        if subprocess.call([*command, "--no-emit-index-url", "--no-emit-find-links", source, "-o", target], cwd=ROOT):
            return 1
    return 0


def differences():
    """What each .in asks for that its .txt does not have, or the other way round, as sentences. Needs no network."""
    found = []
    for path in FILES:
        source = path.with_suffix(".in")
        wanted = {_name(line) for line in source.read_text().splitlines() if re.match(r"[A-Za-z0-9]", line)}
        locked = _locked_for(source.relative_to(ROOT), path.read_text())
        found += [f"{name} is in {source.name} and not in {path.name}: make lock" for name in sorted(wanted - locked)]
        found += [
            f"{name} is in {path.name} for {source.name}, which does not name it: make lock" for name in sorted(locked - wanted)
        ]
    return found


def _name(line):
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]*[A-Za-z0-9]", line)[0]).lower()


def _locked_for(source, text):
    """The names of the packages that are locked because `source` asks for them; uv writes the reason below each."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    return {_name(block) for block in blocks if re.search(rf"^ +# .*-r {re.escape(str(source))}$", block, re.MULTILINE)}
