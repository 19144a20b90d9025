"""gunicorn's worker for Frontdesk: its threads take turns at one epoll, and an answer leaves in one piece.

In gunicorn's own `gthread` a main thread waits for sockets, hands each request to a pool and takes the connection back: four
changes of thread a request, on one interpreter. Here the thread whose turn it is (config.turns) waits for the next readable
socket, serves it and puts it back ("leader and followers"). Requests are parsed, checked and refused by gunicorn's code.
docs/performance.md says what that gains.

No thread waits for a client that has begun a request and takes its time (config.connections). For what is too large for that
one waits, but never the last of a process.
"""

import collections
import contextlib
import ctypes
import os
import select
import socket
import threading
import time

from gunicorn import glogging, http, util
from gunicorn.http import wsgi
from gunicorn.workers import base

from config.connections import FILE_PIECE, LINGER, PATIENT, PUT_BY, Connection, seats, send
from config.turns import PATIENCE, turns

_libc = ctypes.PyDLL(None)
_ONCE = select.EPOLLIN | select.EPOLLONESHOT


class Logger(glogging.Logger):
    """No access log, and no collecting of what it would say: the application logs its requests itself."""

    def access(self, resp, req, environ, request_time):
        """Nothing."""


class Response(wsgi.Response):
    """Holds the headers back until the body's first piece: one system call, and one packet.

    All of it leaves by `send`, which keeps no thread for a client that does not take it: `sendall` and `sendfile` would.
    """

    _head = b""

    def should_close(self):
        """Also where more of the body is unread than is read for the next request's sake. (Chunks never are.)"""
        return getattr(self.req.body.reader, "length", PUT_BY) >= PUT_BY or super().should_close()

    def send_headers(self):
        if self.headers_sent:
            return
        lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
        self._head = "".join(lines).encode("latin-1")
        self.headers_sent = True

    def _emit_body(self, data):
        self._send(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    def close(self):
        self.send_headers()
        self._send(b"0\r\n\r\n" if self.chunked else b"")
        if not self._omits_body and self.sent < (self.response_length or 0):
            self.force_close()  # a file got shorter, and the client would wait for the rest, or take the next answer for it

    def _send(self, data):
        head, self._head = self._head, b""
        if head or data:
            send(self.sock, head + data)


class Worker(base.Worker):
    """Serves plain HTTP/1.1 on `threads` threads; the main thread only looks after them."""

    def run(self):
        self.epoll = select.epoll()
        self.listeners = {listener.fileno(): listener for listener in self.sockets}
        # All connections, and those of them that wait for a request. Whoever takes one out of `idle` owns it.
        self.connections, self.idle = set(), {}
        # Large requests, for the rest of which a thread would have to wait, and all seats were taken.
        self.in_line = collections.deque()
        self.is_open = False
        self._open()
        names = [f"serve-{number}" for number in range(self.cfg.threads)]
        threads = [threading.Thread(target=self._serve, name=name, daemon=True) for name in names]
        for thread in threads:
            thread.start()
        # Should one die, whatever of, another process takes this one's place.
        while self.alive and self.ppid == os.getppid() and all(map(threading.Thread.is_alive, threads)):
            self._watch(1.0)
            self._call_in()  # a seat that was left for taking an answer calls nobody
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
            self._call_in()
            if time.monotonic() > began + LINGER:
                self._close_idle(float("inf"))

    def _close_idle(self, now):
        for descriptor, connection in list(self.idle.items()):
            # Meanwhile a thread may have taken it, and its number may be another connection's.
            expired = connection.expires < now and self.idle.get(descriptor) is connection
            if expired and (last := self.idle.pop(descriptor, None)):
                self._forget(last)

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
        # A request that has begun must come in its time.
        connection.expires = connection.unreader.deadline or time.monotonic() + self.cfg.keepalive
        self.idle[descriptor] = connection
        watch(descriptor, _ONCE)

    def _attend(self, connection):
        try:
            if connection.is_closing:
                self._linger(connection)
                return
            while connection.unreader.has_request():
                if connection.unreader.is_large and not seats.take():
                    self.in_line.append(connection)
                    return
                try:
                    if not self._answer(connection):
                        self._linger(connection)
                        return
                finally:
                    if seats.sits():
                        seats.leave()
                        self._call_in()
                connection.unreader.begin()
                # A client may have sent its next request with this one. What it sends from now on has its turn after others'.
                if not connection.unreader.buf.tell():
                    break
            self._await(connection, self.epoll.modify)
        except OSError:  # the client has gone
            self._forget(connection)
        except BaseException:
            self._forget(connection)
            raise

    def _linger(self, connection):
        if connection.has_ended():
            self._forget(connection)
        else:
            self._await(connection, self.epoll.modify)

    def _call_in(self):
        """Lets the first in line try again, with all of its time."""
        with contextlib.suppress(IndexError):  # there is nobody in line
            connection = self.in_line.popleft()
            connection.unreader.deadline = time.monotonic() + PATIENT
            self._await(connection, self.epoll.modify)

    def _forget(self, connection):
        self.connections.discard(connection)
        util.close(connection.sock)

    def _answer(self, connection):
        """Reads a request and answers it. True where the connection can be used again."""
        request = None
        try:
            request = next(connection.parser)
            connection.unreader.is_parsed = True
            if connection.unreader.is_told_to_continue:
                request._expected_100_continue = False
            if not self._respond(request, connection):
                return False
            # What the application did not read of the body must not be taken for the next request.
            return request.body.reader.length == 0 or connection.parser.finish_body(deadline=time.monotonic() + PATIENT)
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
                    body.blksize = FILE_PIECE
                if request.method != "HEAD":
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
