"""One JSON line per event, with the id of the request that it belongs to."""

import logging
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

request_id: ContextVar[str] = ContextVar("request_id", default="")

# JSON lets them stand as they are; some readers of lines do not.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
# Django attaches the request, whose text holds the query.
_OWN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "request"}


class JSONFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message", "request_id", …}`; what was given as `extra=` follows."""

    def format(self, record):
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identifier := request_id.get():
            line["request_id"] = identifier
        line.update({key: value for key, value in record.__dict__.items() if key not in _OWN and not key.startswith("_")})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        text = orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode()
        return text.translate(_LINE_ENDS)
