"""gunicorn's worker for Frontdesk: its threads take turns at one epoll, and an answer leaves in one piece.

In gunicorn's own `gthread` a main thread waits for sockets, hands each request to a pool and takes the connection back: four
changes of thread a request, on one interpreter. Here the thread whose turn it is (config.turns) waits for the next readable
socket, serves it and puts it back ("leader and followers"). Requests are parsed, checked and refused by gunicorn's code.
docs/performance.md says what that gains.
"""

import contextlib
import ctypes
import os
import select
import socket
import struct
import threading
import time

from gunicorn import glogging, http, util
from gunicorn.http import wsgi
from gunicorn.workers import base

from config.turns import PATIENCE, turns

# No client may hold a thread longer by sending, or taking, a little at a time. In seconds.
SOCKET_TIMEOUT = 10
_TIMEVAL = struct.pack("ll", SOCKET_TIMEOUT, 0)
# How long a stopping worker still answers on connections that are kept, for requests already on their way. In seconds.
LINGER = 2
_libc = ctypes.PyDLL(None)
_ONCE = select.EPOLLIN | select.EPOLLONESHOT


class Logger(glogging.Logger):
    """No access log, and no collecting of what it would say: the application logs its requests itself."""

    def access(self, resp, req, environ, request_time):
        """Nothing."""


class Response(wsgi.Response):
    """Holds the headers back until the body's first piece: one system call, and one packet."""

    _head = b""
    _apart = False  # a file is sent by the kernel, so its headers must leave before

    def send_headers(self):
        if self.headers_sent:
            return
        lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
        self._head = "".join(lines).encode("latin-1")
        self.headers_sent = True
        if self._apart:
            self._flush()

    def _emit_body(self, data):
        if self.chunked:
            self._flush()
            super()._emit_body(data)
        else:
            head, self._head = self._head, b""
            self.sock.sendall(head + data)

    def sendfile(self, respiter):
        self._apart = True
        return super().sendfile(respiter)

    def close(self):
        self.send_headers()
        self._flush()
        super().close()

    def _flush(self):
        if self._head:
            head, self._head = self._head, b""
            self.sock.sendall(head)


class Connection:
    """A client's connection, with gunicorn's parser for the requests that come over it."""

    __slots__ = ("client", "expires", "parser", "server", "sock")

    def __init__(self, cfg, sock):
        sock.setblocking(True)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            sock.setsockopt(socket.SOL_SOCKET, option, _TIMEVAL)
        self.sock, self.client, self.server = sock, sock.getpeername(), sock.getsockname()
        self.parser = http.get_parser(cfg, sock, self.client)
        self.expires = 0.0


class Worker(base.Worker):
    """Serves plain HTTP/1.1 on `threads` threads; the main thread only looks after them."""

    def run(self):
        self.epoll = select.epoll()
        self.listeners = {listener.fileno(): listener for listener in self.sockets}
        # All connections, and those of them that wait for a request. Whoever takes one out of `idle` owns it.
        self.connections, self.idle = set(), {}
        self.is_open = False
        self._open()
        names = [f"serve-{number}" for number in range(self.cfg.threads)]
        threads = [threading.Thread(target=self._serve, name=name, daemon=True) for name in names]
        for thread in threads:
            thread.start()
        # Should one die, whatever of, another process takes this one's place.
        while self.alive and self.ppid == os.getppid() and all(map(threading.Thread.is_alive, threads)):
            self._watch(1.0)
            self._close_idle(time.monotonic())
            if not self.is_open and len(self.connections) < self.cfg.worker_connections:
                self._open()
        self._drain()

    def _watch(self, seconds):
        """Tells the master that this process lives, and looks after its threads for a while; a signal ends that."""
        self.notify()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            turns.look()
            if select.select([self.PIPE[0]], [], [], PATIENCE)[0]:
                os.read(self.PIPE[0], 4096)
                return

    def _open(self):
        self.is_open = True
        for listener in self.sockets:
            listener.setblocking(False)
            # Of several processes that wait for a connection, one is woken.
            self.epoll.register(listener, select.EPOLLIN | select.EPOLLEXCLUSIVE)

    def _shut(self):
        self.is_open = False
        for listener in self.sockets:
            with contextlib.suppress(FileNotFoundError):  # another thread was first
                self.epoll.unregister(listener)

    def _drain(self):
        """Stops: whoever got in before the door closed is served.

        Those who wait in the kernel's queue are taken in before the socket is closed. Closed it must be, so that those who
        come later are refused at once, and free to go elsewhere.
        """
        self._shut()
        for listener in self.sockets:
            taken, descriptor = [], listener.detach()
            del self.listeners[descriptor]
            # Whoever came between the last look into the queue and the closing would be cut off. So nothing comes between
            # them: these calls keep the interpreter, as Python's own would not.
            while (found := _libc.accept(descriptor, None, None)) >= 0:
                taken.append(found)
            _libc.close(descriptor)
            for found in taken:
                self._take_in(socket.socket(fileno=found))
        began = time.monotonic()
        while self.connections and time.monotonic() < began + self.cfg.graceful_timeout:
            self._watch(0.05)
            if time.monotonic() > began + LINGER:
                self._close_idle(float("inf"))

    def _close_idle(self, now):
        for descriptor, connection in list(self.idle.items()):
            if connection.expires < now and self.idle.pop(descriptor, None):
                self._forget(connection, util.close)

    def _serve(self):
        """A thread's life."""
        try:
            while True:
                turns.take()
                for descriptor, _ in self.epoll.poll(maxevents=1):
                    self._work(descriptor)
        finally:  # a thread that dies takes nobody with it
            turns.pass_on()

    def _work(self, descriptor):
        turns.begin()
        try:
            if listener := self.listeners.get(descriptor):
                self._accept(listener)
            elif connection := self.idle.pop(descriptor, None):
                self._attend(connection)
        except Exception:
            # Whatever it was, the thread must live to serve the others.
            self.log.exception("A connection failed")
        finally:
            turns.end()

    def _accept(self, listener):
        """Takes in who waits at the door, if anybody still does."""
        try:
            sock, _ = listener.accept()
        except OSError:  # another thread or process was first, the client has gone, or no descriptor is left
            return
        self._take_in(sock)

    def _take_in(self, sock):
        try:
            connection = Connection(self.cfg, sock)
        except OSError:  # the client has gone meanwhile
            sock.close()
            return
        self.connections.add(connection)
        if self.is_open and len(self.connections) >= self.cfg.worker_connections:
            self._shut()
        self._await(connection, self.epoll.register)

    def _await(self, connection, watch):
        descriptor = connection.sock.fileno()
        connection.expires = time.monotonic() + self.cfg.keepalive
        self.idle[descriptor] = connection
        watch(descriptor, _ONCE)

    def _attend(self, connection):
        try:
            while self._answer(connection):
                # A client may have sent its next request with this one.
                if not connection.parser.unreader.buf.tell():
                    self._await(connection, self.epoll.modify)
                    return
        except BaseException:
            self._forget(connection, util.close)
            raise
        self._forget(connection)

    def _forget(self, connection, close=util.close_graceful):
        self.connections.discard(connection)
        close(connection.sock)

    def _answer(self, connection):
        """Reads a request and answers it. True where the connection can be used again."""
        request = None
        try:
            request = next(connection.parser)
            if not self._respond(request, connection):
                return False
            # What the application did not read of the body must not be taken for the next request.
            deadline = time.monotonic() + SOCKET_TIMEOUT
            return getattr(request.body.reader, "length", 1) == 0 or connection.parser.finish_body(deadline=deadline)
        except (http.errors.NoMoreData, StopIteration, OSError) as error:  # the client has gone, or took too long
            self.log.debug("Closing a connection: %r", error)
        except Exception as error:  # noqa: BLE001 (gunicorn answers it and writes it down)
            self.handle_error(request, connection.sock, connection.client, error)
        return False

    def _respond(self, request, connection):
        response, environ = wsgi.create(
            request, connection.sock, connection.client, connection.server, self.cfg, response_class=Response
        )
        environ["wsgi.multithread"] = True
        if not self.alive:
            response.force_close()
        try:
            body = self.wsgi(environ, response.start_response)
            try:
                if isinstance(body, wsgi.FileWrapper):
                    response.write_file(body)
                elif request.method != "HEAD":
                    for piece in body:
                        response.write(piece)
                response.close()
            finally:
                if hasattr(body, "close"):
                    body.close()
        except OSError:
            raise
        except Exception:
            if not response.headers_sent:
                raise
            # An error page would be taken for a part of the answer.
            self.log.exception("An answer broke off")
            return False
        return not response.should_close()
