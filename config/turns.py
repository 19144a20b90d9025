"""Whose turn it is: in a process one thread works at a time, unless it is held up.

Threads that work at once take the interpreter from each other at every wait for PostgreSQL, and each warms a connection's
caches of its own; that costs a third of a short request's time (docs/performance.md). So a thread keeps its turn while it
waits for an answer that comes at once. Another goes on where it may take longer: at COMMIT, which waits for the disk, and
wherever a request has taken `PATIENCE`. Outside gunicorn's worker nobody takes turns, and passing on does nothing.
"""

import itertools
import threading

# How often somebody looks whether the thread whose turn it is gets on. In seconds.
PATIENCE = 0.02


class Turns:
    """One turn, and the threads that wait for it. Whoever waited last is the next: its caches are the warmest."""

    def __init__(self):
        self._change = threading.Lock()
        self._holder = None
        self._waiting = []  # (thread, the lock that it waits for)
        self._requests = itertools.count()
        # The number of the request that the holder works on, and which it was at the last look.
        self._current = self._seen = None

    def take(self):
        """Waits until it is this thread's turn, if it is not yet."""
        me = threading.get_ident()
        if self._holder == me:
            return
        with self._change:
            if self._holder is None:
                self._holder = me
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append((me, mine))
        mine.acquire()

    def begin(self):
        """The thread whose turn it is has work."""
        self._current = next(self._requests)

    def end(self):
        """It has done its work. If it is still its turn, it waits for more."""
        if self._holder == threading.get_ident():
            self._current = None

    def pass_on(self):
        """Lets another thread go on, if it is this one's turn. This one finishes its request beside the other."""
        self._give_back(threading.get_ident())

    def look(self):
        """Passes on the turn of a thread that still works on the same request as at the last look."""
        if self._current is not None and self._current == self._seen:
            self._give_back(self._holder)
        self._seen = self._current

    def _give_back(self, thread):
        with self._change:
            if thread is None or thread != self._holder:
                return
            self._current = None
            self._holder, waiting = self._waiting.pop() if self._waiting else (None, None)
            if waiting:
                waiting.release()


turns = Turns()
