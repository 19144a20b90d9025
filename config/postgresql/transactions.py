"""Transactions that say whose they are, and take no way of their own to begin."""

from django.db.backends.utils import debug_transaction
from psycopg.errors import InFailedSqlTransaction
from psycopg.pq import TransactionStatus

from config.actors import actor
from config.postgresql.exchange import Command, exchange
from config.turns import turns


class Transactions:
    """For a DatabaseWrapper: what nobody waits for is kept, and sent with the next command that somebody does wait for.

    So BEGIN and who the actor is (config.actors) go with the first statement of a transaction, and a statement whose rows
    nobody wants (`config.postgresql.prepared.later`) with the next one or with COMMIT, which raises its errors. What was
    never sent needs no COMMIT. The actor's setting ends with the transaction, whatever becomes of the connection.

    Of `atomic()` alone: neither `set_autocommit(False)` nor what is done to psycopg's connection itself is known here.
    """

    kept: list[Command]

    def get_new_connection(self, conn_params):
        self.kept = []
        return super().get_new_connection(conn_params)

    def _prepare_cursor(self, cursor):
        self._send_kept()
        return super()._prepare_cursor(cursor)

    def validate_no_broken_transaction(self):
        # Django asks this before each statement, also of a cursor that was opened before the transaction began.
        super().validate_no_broken_transaction()
        self._send_kept()

    def _send_kept(self):
        if self.kept:
            with self.wrap_database_errors:
                self.send()

    def send(self, *commands):
        """Sends these commands (one at least, unless some were kept) after those that were kept. The last one's result."""
        commands, self.kept = [*self.kept, *commands], []
        return exchange(self.connection.pgconn, commands)

    def tell_actor(self):
        """Who it is became known, or changed, inside a transaction. (Elsewhere the next BEGIN says so.)"""
        if self.connection and (self.kept or self.connection.info.transaction_status == TransactionStatus.INTRANS):
            self.kept.append(_setting())

    def _start_transaction_under_autocommit(self):
        # Django's seam for databases that want to hear BEGIN; the connection itself stays in autocommit, as psycopg would
        # send a BEGIN of its own, and wait for it.
        with debug_transaction(self, "BEGIN"):
            self.kept = [Command(b"BEGIN")] if actor() is None else [Command(b"BEGIN"), _setting()]

    def _commit(self):
        if self.connection is None or self._is_unsent():
            self.kept = []
            return
        # PostgreSQL waits for its disk.
        with turns.aside(), debug_transaction(self, "COMMIT"), self.wrap_database_errors:
            done = self.send(Command(b"COMMIT")).command_status
            if done != b"COMMIT":
                # A statement failed, and somebody passed over its error: PostgreSQL has done nothing at all, and says ROLLBACK.
                raise InFailedSqlTransaction(f"instead of COMMIT there was {done.decode()}")

    def _rollback(self):
        self.kept = []
        return super()._rollback()

    def _savepoint_rollback(self, sid):
        # SAVEPOINT was sent, and all that was kept before it; what was kept since is to be undone.
        self.kept = []
        return super()._savepoint_rollback(sid)

    def _is_unsent(self):
        """Whether PostgreSQL has heard nothing of this transaction, and is to do nothing in it."""
        return self.connection.info.transaction_status == TransactionStatus.IDLE and all(c.values is None for c in self.kept)


def _setting():
    who = actor()
    return Command(b"SET LOCAL frontdesk.actor = '%s'" % (b"" if who is None else b"%d" % int(who)))
