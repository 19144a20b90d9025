"""Prepared statements, run without a cursor.

A cursor of psycopg, wrapped in one of Django's, costs three times what PostgreSQL needs to read a row by its key: it decides
anew whether to prepare, asks whether the result has come, and keeps it for fetching in parts. The statements of hot paths are
known beforehand and their rows are few, so they are prepared at once and their result is taken whole. Values are written
and read by psycopg's own adapters, and errors are the ones that Django would raise.
"""

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.adapt import PyFormat, Transformer

from config.postgresql.exchange import Command, checked

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
    with wrapper.wrap_database_errors:
        transformer, parameters = _dump(wrapper, prepared, values)
        result = _execute(wrapper, prepared, parameters, transformer)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple)


def later(prepared, values):
    """Runs a statement whose rows nobody wants together with the next one of the transaction, or with its COMMIT.

    That one raises its errors. Outside a transaction it runs now.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    if not wrapper.in_atomic_block or wrapper.execute_wrappers or wrapper.queries_logged:
        run(prepared, values)
        return
    with wrapper.wrap_database_errors:
        transformer, parameters = _dump(wrapper, prepared, values)
        if name := _name(wrapper, prepared, transformer.types):
            wrapper.kept.append(Command(name, parameters, transformer.formats))
        else:
            _execute(wrapper, prepared, parameters, transformer)


def _dump(wrapper, prepared, values):
    """On a connection that can be used: what writes values as psycopg does and reads them, and the values, written."""
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    if wrapper.needs_rollback:  # which a new connection does not, whatever became of the one before
        # It raises. Otherwise it would send what is kept, which is to go together with this statement.
        wrapper.validate_no_broken_transaction()
    transformer = Transformer(wrapper.connection)
    return transformer, transformer.dump_sequence(values, prepared.formats)


def _execute(wrapper, prepared, parameters, transformer):
    name = _name(wrapper, prepared, transformer.types)
    if name is not None:
        return wrapper.send(Command(name, parameters, transformer.formats))
    if wrapper.kept:
        wrapper.send()
    pgconn = wrapper.connection.pgconn
    return checked(pgconn, pgconn.exec_params(prepared.numbered, parameters, transformer.types, transformer.formats))


def _name(wrapper, prepared, types):
    """Under which name the statement is prepared on this connection, or None if that knows too many already."""
    # Whole numbers are sent in the smallest type that holds them, and a plan is for one set of types.
    key = prepared, types
    name = wrapper.prepared.get(key)
    if name is None and len(wrapper.prepared) < MOST:
        name = b"frontdesk_%d" % len(wrapper.prepared)
        pgconn = wrapper.connection.pgconn
        checked(pgconn, pgconn.prepare(name, prepared.numbered, types))
        wrapper.prepared[key] = name
    return name
