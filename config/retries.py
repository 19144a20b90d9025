"""A request whose transaction PostgreSQL chose as the victim is done once more, where that is safe."""

import logging
import random
import time

from django.db import OperationalError, connection

logger = logging.getLogger(__name__)

# serialization_failure and deadlock_detected: the whole transaction is undone, and the others have gone on.
_VICTIM = {"40001", "40P01"}
_PAUSES = (0.02, 0.1)  # seconds at most before each further try, by chance: two victims shall not meet again


class RetryingMixin:
    """For views whose handlers call one service, which is one transaction (docs/adr): undone, it left nothing behind.

    After the last try the client gets a 503 with Retry-After. Uploads are not sent through twice, as they were read
    already, and neither is what runs inside somebody else's transaction.
    """

    def handle_exception(self, exc):
        for longest in _PAUSES:
            if not _was_victim(exc) or connection.in_atomic_block or self.request.FILES:
                break
            logger.warning("transaction tried again: %s", exc.__cause__.sqlstate)
            time.sleep(random.uniform(0, longest))  # noqa: S311 (no secret)
            try:
                # From the start: the victim may have been what was to tell who asks, and whether they may.
                self.initial(self.request, *self.args, **self.kwargs)
                return getattr(self, self.request.method.lower())(self.request, *self.args, **self.kwargs)
            except Exception as again:  # noqa: BLE001 (it is handled below, as the first one would be)
                exc = again
        return super().handle_exception(exc)


def _was_victim(error):
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in _VICTIM
