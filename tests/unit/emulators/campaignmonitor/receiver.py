"""An endpoint for webhooks: takes posts, and answers as it is told."""

import json
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """What was posted. `answers`: statuses of the next answers; afterwards `status`."""

    def __init__(self):
        self.url = ""
        self.status = 200
        self.answers = []
        self.raw = []

    @property
    def posts(self):
        """The bodies of JSON posts, in the order of arrival."""
        return [json.loads(body) for body, _ in self.raw]

    @property
    def events(self):
        return [event for post in self.posts for event in post["Events"]]

    @property
    def told(self):
        """How often each type arrived."""
        return Counter(event["Type"] for event in self.events)

    def take(self, body, content_type):
        self.raw.append((body, content_type))
        return self.answers.pop(0) if self.answers else self.status


@contextmanager
def receiving():
    """A receiver at work on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(body, self.headers["Content-Type"])
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
