"""Commands to PostgreSQL and what it answers: one, or several that are sent together.

Each time that somebody waits for an answer costs both sides some 20 µs of processor time, and a network's way there and back
as well; what a short statement does costs less. So what nobody waits for goes with the next command that somebody does.
"""

import select
from typing import NamedTuple

from psycopg import OperationalError, errors
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus


class Command(NamedTuple):
    """SQL without values; or, with values as psycopg dumped them and their formats, the name of a prepared statement."""

    text: bytes
    values: list | None = None
    formats: list | None = None


def exchange(pgconn, commands):
    """The result of the last of these commands, all of which went well.

    Raises psycopg's error of the first that did not; PostgreSQL then passed over those behind it.
    """
    if len(commands) == 1:
        ((text, values, formats),) = commands
        return checked(pgconn, pgconn.exec_(text) if values is None else pgconn.exec_prepared(text, values, formats))
    try:
        pgconn.enter_pipeline_mode()
        for text, values, formats in commands:
            if values is None:
                pgconn.send_query_params(text, None)
            else:
                pgconn.send_query_prepared(text, values, formats)
        pgconn.pipeline_sync()
        results = list(_results(pgconn))
        pgconn.exit_pipeline_mode()
    except BaseException:
        # Answers that nobody read would be taken for those to the next command.
        pgconn.finish()
        raise
    for result in results:
        checked(pgconn, result)
    return results[-1]


def checked(pgconn, result):
    """The result of a command, which went well. Raises psycopg's error otherwise."""
    if pgconn.status != ConnStatus.BAD and result.status != ExecStatus.FATAL_ERROR:
        return result
    # An error without SQLSTATE is not the server's word but the connection's end, of which the status may not know yet: a
    # write failed while the server's good-bye was still there to be read.
    if pgconn.status == ConnStatus.BAD or result.error_field(DiagnosticField.SQLSTATE) is None:
        raise OperationalError(pgconn.get_error_message(), pgconn=pgconn)
    raise errors.error_from_result(result)


def _results(pgconn):
    """The results of commands that were sent together, each as it comes."""
    poll = select.poll()
    while True:
        # `get_result` would wait too, but with the interpreter's lock in its hand.
        while pgconn.is_busy():
            # What is larger than the socket's buffer goes out piece by piece.
            poll.register(pgconn.socket, select.POLLIN | select.POLLOUT if pgconn.flush() else select.POLLIN)
            poll.poll()
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # the end of one command's results, or of the connection, of which there is no more than that
            if pgconn.status == ConnStatus.BAD:
                raise OperationalError(pgconn.get_error_message(), pgconn=pgconn)
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return
        yield result
