"""A mail server and a webhook of the test's own: they take what is sent, or refuse as they are told."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass
class MailSink:
    """Speaks just enough SMTP. `answers` gives another answer to a command, such as {"RCPT": "550 Nobody"}."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)
    logins: int = 0

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            with suppress(ConnectionError), caller, caller.makefile("rwb") as wire:  # who calls may hang up at any time
                self._talk(wire)

    def _talk(self, wire: "socket.SocketIO") -> None:
        def say(text: str) -> None:
            wire.write(f"{text}\r\n".encode())
            wire.flush()

        say(self.answers.get("HELLO", "220 sink"))
        while line := wire.readline().decode(errors="replace"):
            word = line.split()[0].upper() if line.split() else ""
            if word == "EHLO":
                say("250-sink\r\n250 AUTH PLAIN")
            elif word in self.answers:
                say(self.answers[word])
            elif word == "AUTH":
                self.logins += 1
                say("235 welcome")
            elif word == "DATA":
                say("354 go on")
                self.letters.append(self._letter(wire))
                say("250 taken")
            elif word == "QUIT":
                say("221 bye")
                return
            elif word.isascii() and word.isalpha():
                say("250 fine")
            else:  # the first bytes of an encryption that this server does not speak
                say("500 what?")
                while wire.read(1):  # closed with something unread, the greeting would be lost with it
                    pass
                return

    def _letter(self, wire: "socket.SocketIO") -> str:
        lines = []
        while (line := wire.readline().decode()) != ".\r\n":
            lines.append(line)
        return "".join(lines)


@contextmanager
def mail_sink(**answers: str) -> Iterator[MailSink]:
    """A mail server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sink = MailSink(listening.getsockname()[1], answers)
        thread = threading.Thread(target=sink.serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


@dataclass
class Posted:
    """What was posted to the webhook: headers and bodies, and where it is."""

    url: str
    status: int = 204
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@contextmanager
def hook_sink(status: int = 204) -> Iterator[Posted]:
    """A webhook on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.headers.append(dict(self.headers.items()))
            posted.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(posted.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    posted = Posted(f"http://127.0.0.1:{server.server_port}/hook", status)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
