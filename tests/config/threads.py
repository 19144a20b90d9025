"""Threads that do as they are told."""

import threading


class Thread:
    """A thread that does one thing after another, when it is told to."""

    def __init__(self):
        self._told, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._task = None
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        while self._told.acquire():
            self._task()
            self._done.release()

    def begins(self, task):
        self._task = task
        self._told.release()

    def ends(self, within=10):
        """Whether what it began last has ended."""
        return self._done.acquire(timeout=within)

    def does(self, task):
        self.begins(task)
        assert self.ends()


def waits(thread, ours):
    """Makes a thread wait for its turn. Returns once it does."""
    before = len(ours._waiting)
    thread.begins(ours.take)
    while len(ours._waiting) == before:
        assert not thread.ends(0.001)
