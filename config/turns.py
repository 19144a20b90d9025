"""Whose turn it is: in a process one thread works at a time, unless it is held up.

Threads that work at once take the interpreter from each other at every wait for PostgreSQL, and each warms a connection's
caches of its own; that costs a third of a short request's time (docs/performance.md). So a thread keeps its turn while it
waits for an answer that comes at once. Another goes on where it may take longer: at COMMIT, which waits for the disk, and
wherever a request has taken `PATIENCE`. Whoever stood aside for a COMMIT goes on before a new request is begun. Outside
gunicorn's worker nobody takes turns, and passing on does nothing.
"""

import collections
import itertools
import threading
from contextlib import contextmanager

# How often somebody looks whether the thread whose turn it is gets on. In seconds.
PATIENCE = 0.02


class Turns:
    """One turn, and the threads that wait for it.

    Whoever has begun a request is the next, then whoever waited last: its caches are the warmest.
    """

    def __init__(self):
        self._change = threading.Lock()
        self._holder = None
        # Those who want work, and those who want to go on with theirs: (thread, the lock that it waits for).
        self._waiting, self._returning = [], collections.deque()
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
            mine = _join(self._waiting, me)
        mine.acquire()

    def begin(self):
        """The thread whose turn it is has work."""
        self._current = next(self._requests)

    def end(self):
        """It has done its work. If it is still its turn, it waits for more, unless others have work to end."""
        with self._change:
            if self._holder == threading.get_ident():
                self._current = None
                if self._returning:
                    self._let_next()

    def pass_on(self):
        """Lets another thread go on, if it is this one's turn. This one finishes its request beside the other."""
        with self._change:
            if self._holder == threading.get_ident():
                self._let_next()

    @contextmanager
    def aside(self):
        """For a wait in which another thread is let on, if it is this one's turn; afterwards this one waits until it is again."""
        me = threading.get_ident()
        was_mine = self._holder == me
        self.pass_on()
        try:
            yield
        finally:
            if was_mine:
                self._return(me)

    def _return(self, me):
        with self._change:
            if self._holder is None:
                self._holder, self._current = me, next(self._requests)
                return
            if self._current is None:  # the other one waits for work, and may do so for long: no need to wait for that
                return
            mine = _join(self._returning, me)
        mine.acquire()

    def look(self):
        """Passes on the turn of a thread that still works on the same request as at the last look."""
        with self._change:
            if self._current is not None and self._current == self._seen:
                self._let_next()
            self._seen = self._current

    def _let_next(self):
        """Whose turn it is now. (For whoever holds the lock.)"""
        if self._returning:
            self._holder, waiting = self._returning.popleft()
            self._current = next(self._requests)
        else:
            self._holder, waiting = self._waiting.pop() if self._waiting else (None, None)
            self._current = None
        if waiting:
            waiting.release()


def _join(queue, thread):
    """Queues a thread up. The lock that it has to acquire next."""
    lock = threading.Lock()
    lock.acquire()
    queue.append((thread, lock))
    return lock


turns = Turns()
