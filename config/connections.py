"""Connections of clients that take their time: what they send is put by until a request is whole, and a thread's work then.

Only the rest of a request that is too large for that is waited for, and room for an answer that the kernel does not take at
once; neither for long, however little comes or goes at a time.
"""

import contextlib
import os
import re
import select
import socket
import struct
import threading
import time

from gunicorn import http
from gunicorn.http import unreader

from config.gunicorn import threads
from config.turns import turns

# So long a client may take to send a request, or to take an answer, in seconds: however little it sends at a time.
PATIENT = 10
# Whoever has much to send, or to take, has a second more for each so many bytes.
SLOWEST = 16 * 1024
# So much of a request is put by: its head, and as much of its body.
PUT_BY = 64 * 1024
# How long a stopping worker still answers on connections that are kept, for requests already on their way, and how long a
# client has to close a connection whose last answer it has. In seconds.
LINGER = 2
# So much of an answer the kernel takes at once, for clients that take it slowly; less where net.core.wmem_max is less.
_SEND_BUFFER = 512 * 1024
# A file is read in pieces of so much.
FILE_PIECE = _SEND_BUFFER
_TIMEVAL = struct.pack("ll", PATIENT, 0)
# So long a thread looks for a seat when the kernel did not take all of an answer: most clients have soon taken more.
_SEAT_TIMEOUT = 0.1
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?:\r\n|$)", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?:\r\n|$)", re.IGNORECASE)


class Seats:
    """For threads that wait for clients, whether these send or take: all but one of several may sit at once."""

    def __init__(self, number):
        self._free, self._taken = threading.Semaphore(number), set()

    def take(self, timeout=0):
        """Whether this thread has got a seat; False as well where it has one already."""
        me = threading.get_ident()
        if me in self._taken or not self._free.acquire(timeout=timeout):
            return False
        self._taken.add(me)
        return True

    def leave(self):
        self._taken.remove(threading.get_ident())
        self._free.release()

    def sits(self):
        """Whether this thread has a seat."""
        return threading.get_ident() in self._taken


seats = Seats(max(1, threads - 1))


def _wait(sock, event, deadline):
    """Until there is something to read (POLLIN), or room to write (POLLOUT). Raises TimeoutError at the deadline."""
    turns.pass_on()
    poll = select.poll()
    poll.register(sock, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError("the client is too slow")


def send(sock, data):
    """As `sock.sendall`, but for no longer than a client may take, and never with the last thread of several."""
    rest = memoryview(data)
    with contextlib.suppress(BlockingIOError):
        rest = rest[sock.send(rest, socket.MSG_DONTWAIT) :]
    if not rest:
        return
    found = seats.take(_SEAT_TIMEOUT)
    if not seats.sits():
        raise TimeoutError("too many clients are slow")
    try:
        _send_rest(sock, rest)
    finally:
        if found:
            seats.leave()


def _send_rest(sock, rest):
    deadline = time.monotonic() + PATIENT + len(rest) / SLOWEST
    while rest:
        _wait(sock, select.POLLOUT, deadline)
        with contextlib.suppress(BlockingIOError):
            rest = rest[sock.send(rest, socket.MSG_DONTWAIT) :]


class Unreader(unreader.SocketUnreader):
    """What a client sends: of a request as much as comes is put by, and what is too large for that is waited for."""

    def __init__(self, sock):
        super().__init__(sock)
        self.begin()

    def begin(self):
        """The next request: until when it must have come, which is not known before it begins, and what is known of it."""
        self.deadline = None
        self.is_large = self.is_parsed = self.is_told_to_continue = False

    def has_request(self):
        """Takes what has come, without waiting. Whether a request is whole, or large, and a thread may parse it.

        Raises OSError if the client has gone.
        """
        if not self._suffices() and not (self._take() and self._suffices()):
            return False
        self.deadline = time.monotonic() + PATIENT  # for the rest of a large one
        return True

    def _take(self):
        try:
            new = self.sock.recv(PUT_BY, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        if not new:
            raise ConnectionError("the client has gone")
        self.buf.seek(0, os.SEEK_END)
        self.buf.write(new)
        if self.deadline is None:
            self.deadline = time.monotonic() + PATIENT
        return True

    def _suffices(self):
        data = self.buf.getvalue()
        head, end, body = data.partition(b"\r\n\r\n")
        if not end:
            self.is_large = len(data) > PUT_BY  # gunicorn refuses it
            return self.is_large
        length = _LENGTH.search(head)
        if length is None or len(body) >= int(length[1]):
            return True
        self.is_large = len(body) >= PUT_BY
        if not self.is_told_to_continue and _EXPECTS.search(head):
            self.is_told_to_continue = True
            self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self.is_large

    def chunk(self, size_hint=None):
        size = min(max(size_hint or 0, self.mxchunk), self.max_body_chunk)
        while True:
            try:
                data = self.sock.recv(size, socket.MSG_DONTWAIT)
                break
            except BlockingIOError:
                _wait(self.sock, select.POLLIN, self.deadline)
        if not data and self.is_parsed:
            # Whoever parses the body would take what has come for the whole.
            raise ConnectionError("the client has gone before its request was whole")
        self.deadline += len(data) / SLOWEST
        return data


class Connection:
    """A client's connection, with gunicorn's parser for the requests that come over it."""

    __slots__ = ("client", "expires", "is_closing", "parser", "server", "sock", "unreader")

    def __init__(self, cfg, sock):
        sock.setblocking(True)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            sock.setsockopt(socket.SOL_SOCKET, option, _TIMEVAL)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self.sock, self.client, self.server = sock, sock.getpeername(), sock.getsockname()
        self.parser = http.get_parser(cfg, sock, self.client)
        self.unreader = self.parser.unreader = Unreader(sock)
        self.expires, self.is_closing = 0.0, False

    def has_ended(self):
        """Closes our side, if it is still open. Whether the client has closed its own since, for which it has LINGER seconds.

        What it still sends is dropped: to close while that is unread would take the last answer away from it.
        """
        if self.is_closing:
            return not self.sock.recv(PUT_BY, socket.MSG_DONTWAIT)
        self.is_closing = True
        self.unreader.deadline = time.monotonic() + LINGER
        self.sock.shutdown(socket.SHUT_WR)
        return False
