"""Transactions that say whose they are."""

from django.db.backends.utils import debug_transaction
from psycopg.pq import TransactionStatus

from config.actors import actor
from config.postgresql.prepared import checked
from config.turns import turns


class ToldTransactions:
    """For a DatabaseWrapper: tells the actor (config.actors) in the message that begins a transaction.

    psycopg would send a BEGIN of its own before the first statement, so nothing is sent more often than without this.
    The setting is local to the transaction and ends with it, whatever becomes of the connection.
    """

    def _start_transaction_under_autocommit(self):
        # Django's seam for databases that want to hear BEGIN; the connection itself stays in autocommit.
        begin = "BEGIN" if actor() is None else f"BEGIN; {_setting()}"
        with debug_transaction(self, "BEGIN"), self.wrap_database_errors:
            self._send(begin)

    def _commit(self):
        if self.connection is not None:
            # PostgreSQL waits for its disk.
            turns.pass_on()
            with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
                self._send("COMMIT")

    def tell_actor(self):
        """Who it is became known, or changed, inside a transaction. (Elsewhere the next BEGIN says so.)"""
        if self.connection and self.connection.info.transaction_status == TransactionStatus.INTRANS:
            self._send(_setting())

    def _send(self, command):
        # Without a cursor: there is nothing to prepare, to bind or to fetch.
        pgconn = self.connection.pgconn
        checked(pgconn, pgconn.exec_(command.encode()))


def _setting():
    who = actor()
    return f"SET LOCAL frontdesk.actor = '{'' if who is None else int(who)}'"
