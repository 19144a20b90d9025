"""A small SMTP server on loopback, as unfriendly as a test wants it."""

import socket
import socketserver
import threading
import time
from email import message_from_bytes, policy


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        server = self.server
        server.calls += 1
        if server.mode == "hang":
            server.released.wait(30)
            return
        if server.mode == "refuse":
            self._say("554 no service")
            return
        self._say("220 ready")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"QUIT":
                self._say("221 bye")
                return
            if verb == b"DATA":
                self._say("354 go on")
                self._take()
            else:
                self._say("250 ok")

    def _take(self):
        lines = iter(self.rfile.readline, b".\r\n")
        content = b"".join(line.removeprefix(b".") if line.startswith(b"..") else line for line in lines)
        server = self.server
        server.while_it_talks()
        time.sleep(server.seconds)
        if server.mode == "quote":
            self._say("554 I do not like " + " ".join(content.decode().split()))
            return
        if server.mode == "later":
            self._say("451 come back later")
            return
        taken = server.lost if server.mode == "lie" else server.mails
        taken.append(message_from_bytes(content, policy=policy.default))
        if server.mode == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._say("250 taken")

    def _say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


class SMTPServer(socketserver.ThreadingTCPServer):
    """Keeps what it took in `mails`.

    `mode`: accept, refuse (at the greeting), hang (says nothing), quote (refuses, repeating the mail), later (refuses for
    now), cut (takes a mail and hangs up before it says so), lie (says that it took a mail, which goes to `lost`).
    """

    allow_reuse_address = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Session)
        self.mode, self.seconds, self.mails, self.lost = "accept", 0, [], []
        self.calls = 0  # conversations that were begun
        self.while_it_talks = lambda: None
        self.released = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def port(self):
        return self.server_address[1]

    def stop(self):
        """Ends all conversations and gives the port back."""
        self.released.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
