"""The database engine named in the settings."""

import select

from django.db.backends.postgresql import base

from config.postgresql.transactions import Transactions


class DatabaseWrapper(Transactions, base.DatabaseWrapper):
    """Django's, but for the health check at the start of each request.

    Django asks the server (`SELECT 1`), which costs as much as one of the two statements that a read needs. A server that
    went away has closed the socket, and the kernel knows: an idle connection whose socket has something to read is one
    that was told good-bye. Only then the server is asked.
    """

    def get_new_connection(self, conn_params):
        self.prepared = {}  # what config.postgresql.prepared has prepared on it
        return super().get_new_connection(conn_params)

    def is_usable(self):
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
