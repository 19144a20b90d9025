"""One JSON line per event, with the id of the request that it belongs to."""

import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

request_id: ContextVar[str] = ContextVar("request_id", default="")

# JSON lets them stand as they are; some readers of lines do not.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
# Django attaches the request, whose text holds the query.
_OWN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "request"}
# PostgreSQL's errors go on, after what is wrong, with the row, the statement or its values.
_REPEATED = re.compile(r"\n(?:DETAIL|CONTEXT|HINT|QUERY|LINE \d+): .*", re.DOTALL)
# gunicorn's lines about what is no request, or failed before Django had it, go on with what was sent.
_SENT = re.compile(r"^(Invalid request from .*?):? b?['\"].*|^(Error handling request [^?]*)\?.*", re.DOTALL)


class Bare(logging.Filter):
    """For gunicorn's lines: no query, header or body is in the log."""

    def filter(self, record):
        record.msg, record.args = _SENT.sub(r"\1\2", record.getMessage()), ()
        return True


class JSONFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message", "request_id", …}`; what was given as `extra=` follows."""

    def format(self, record):
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _REPEATED.sub("", record.getMessage()),
        }
        if identifier := request_id.get():
            line["request_id"] = identifier
        line.update({key: value for key, value in record.__dict__.items() if key not in _OWN and not key.startswith("_")})
        if record.exc_info:
            line["exception"] = self._traceback(record.exc_info)
        text = orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode()
        return text.translate(_LINE_ENDS)

    def _traceback(self, exc_info):
        """The traceback, with what is wrong but without what PostgreSQL repeats of people's words."""
        text = self.formatException(exc_info)
        for error in _chain(exc_info[1]):
            said = str(error)
            if (told := _REPEATED.sub("", said)) != said:
                # In a group of exceptions each line begins with signs that show the tree.
                lines = r"\n[ |]*".join(map(re.escape, said.split("\n")))
                text = re.sub(lines, lambda found, told=told: told, text)
        return text


def _chain(error):
    """An exception, those that it came of, and those that it is a group of; each once."""
    found, left = [], [error]
    while left:
        if (one := left.pop()) is not None and one not in found:
            found.append(one)
            left += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return found
