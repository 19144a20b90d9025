"""Prepared statements, run without a cursor.

A cursor of psycopg, wrapped in one of Django's, costs three times what PostgreSQL needs to read a row by its key: it decides
anew whether to prepare, asks whether the result has come, and keeps it for fetching in parts. The statements of hot paths are
known beforehand and their rows are few, so they are prepared at once and their result is taken whole. Values are written
and read by psycopg's own adapters, and errors are the ones that Django would raise.
"""

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import OperationalError, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus

# As many are kept on a connection at most; whatever comes later is sent with its values, and planned each time.
MOST = 1000


class Prepared:
    """A statement with `%s` where values come, as in Django's own. `order`: which value stands where, if not each once."""

    __slots__ = ("formats", "numbered", "order", "sql")

    def __init__(self, sql, count, order=None):
        self.sql, self.order = sql, order or range(count)
        self.numbered = (sql % tuple(f"${number + 1}" for number in self.order)).encode()
        self.formats = [PyFormat.AUTO] * count


def run(prepared, values):
    """All rows of a statement, as tuples. Raises what Django's cursor would."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    if wrapper.execute_wrappers or wrapper.queries_logged:  # somebody listens
        with wrapper.cursor() as cursor:
            cursor.execute(prepared.sql, [values[place] for place in prepared.order])
            return cursor.fetchall() if cursor.description else []
    wrapper.validate_no_broken_transaction()
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    connection = wrapper.connection
    transformer = Transformer(connection)
    parameters = transformer.dump_sequence(values, prepared.formats)
    with wrapper.wrap_database_errors:
        result = _execute(wrapper, connection.pgconn, prepared, parameters, transformer)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple)


def checked(pgconn, result):
    """The result of a command, which went well. Raises psycopg's error otherwise."""
    if pgconn.status != ConnStatus.BAD and result.status != ExecStatus.FATAL_ERROR:
        return result
    # An error without SQLSTATE is not the server's word but the connection's end, of which the status may not know yet: a
    # write failed while the server's good-bye was still there to be read.
    if pgconn.status == ConnStatus.BAD or result.error_field(DiagnosticField.SQLSTATE) is None:
        raise OperationalError(pgconn.get_error_message(), pgconn=pgconn)
    raise errors.error_from_result(result)


def _execute(wrapper, pgconn, prepared, parameters, transformer):
    # Whole numbers are sent in the smallest type that holds them, and a plan is for one set of types.
    key = prepared, transformer.types
    name = wrapper.prepared.get(key)
    if name is None:
        if len(wrapper.prepared) >= MOST:
            result = pgconn.exec_params(prepared.numbered, parameters, transformer.types, transformer.formats)
            return checked(pgconn, result)
        name = b"frontdesk_%d" % len(wrapper.prepared)
        checked(pgconn, pgconn.prepare(name, prepared.numbered, transformer.types))
        wrapper.prepared[key] = name
    return checked(pgconn, pgconn.exec_prepared(name, parameters, transformer.formats))
