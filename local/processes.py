"""How processes of ours are started: as whom, in which session, and what becomes of them without us."""

import ctypes
import functools
import os
import signal
import subprocess
import sys
from pathlib import Path

from local import Stop

_PR_SET_PDEATHSIG = 1
_NOBODY = 65534
_CLEANING = 60  # seconds


def start_child(command, *, when_orphaned=signal.SIGTERM, pid_file=None, pass_fds=(), **options):
    """subprocess.Popen for what only we shall stop.

    It gets a session of its own: Ctrl-C at the terminal reaches us, and we end our children in order. When we die without
    having done so (kill -9), it gets the signal `when_orphaned`. Only Linux can do that; elsewhere it lives on.
    `pid_file`: an open file that it inherits, and writes its process id to before anything else.
    """
    prepare = functools.partial(_prepare, os.getpid(), when_orphaned, pid_file)
    inherited = [*pass_fds, pid_file.fileno()] if pid_file else pass_fds
    return subprocess.Popen(command, start_new_session=True, preexec_fn=prepare, pass_fds=inherited, **options)


def call(command, **options):
    """The exit code of a command. If we are to end meanwhile, it is told so as by Ctrl-C, and we wait for it to clean up.

    subprocess.call kills it after a quarter of a second: what pytest had started for its tests would live on then.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a script's `&` has it, and the command would have it, too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    child = subprocess.Popen(command, **options)
    try:
        return child.wait()
    except BaseException as reason:
        if not isinstance(reason, KeyboardInterrupt):  # which the terminal has sent to it, too
            child.send_signal(signal.SIGINT)
        try:
            child.wait(_CLEANING)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


# Looked up before any fork: a child between fork and exec had better not load libraries.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def _prepare(parent, number, pid_file):
    # Runs between fork and exec: system calls only.
    if pid_file:
        os.ftruncate(pid_file.fileno(), 0)
        os.write(pid_file.fileno(), str(os.getpid()).encode())
    if _prctl:
        _prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)


def ordinary_user(*folders, program):
    """The words to put before `program`, which refuses to run as root and has its files in `folders`. [] unless we are root.

    A user namespace of its own is the mildest way: it does not see that it is root, and needs no other user. Where those are
    forbidden, as in most containers, it runs as whoever owns the folders, or is given them as `nobody`. The capability lets it
    reach folders below a closed home, which is milder than opening that home to everybody.
    """
    if os.getuid() != 0:
        return []
    owner = Path(folders[0]).stat().st_uid
    namespace = ["unshare", "-U"]
    if owner == 0 and _succeeds(*namespace, program, "--version"):
        return namespace
    owner = owner or _NOBODY
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner, -1, follow_symlinks=False)
    plain = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups", "--pdeathsig=INT"]
    for capabilities in ([], ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]):
        user = plain + capabilities
        if _succeeds(*user, "ls", folders[0]) and _succeeds(*user, "test", "-x", program):
            return user
    raise Stop(f"PostgreSQL does not run as root, and {folders[0]} is closed to others. Run this as an ordinary user.")


def _succeeds(*command):
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, cwd="/").returncode == 0
    except OSError:
        return False
