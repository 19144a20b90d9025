"""Requests through the whole application, in the process that measures, without a network."""

import io
import json

from bench.environment import settle

settle()
# Of the pool of bench/slots.sql, so far apart that one student can book them all.
FREE_SLOTS = "SELECT id FROM scheduling_timeslot WHERE id > 10000000 AND id % 40 = 0 AND is_available ORDER BY id"


def caller(username="user4"):
    """A function that sends one request of theirs through the application, and returns the body: `call(path, body=None)`."""
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    from accounts.models import User
    from accounts.services import start_session

    token = start_session(user=User.objects.get(username=username)).access

    def call(path, body=None):
        raw = json.dumps(body).encode() if body else b""
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(raw)),
            "CONTENT_TYPE": "application/json",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(raw),
            "wsgi.errors": io.StringIO(),
        }
        status = []
        response = application(environ, lambda code, headers, error=None: status.append(code))
        content = b"".join(response)
        response.close()
        assert status[0][0] == "2", (status, content)
        return content

    return call
