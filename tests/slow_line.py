"""A line between browser and server that can be slow, dead or cut, as lines in the field are."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import urlsplit

LONGEST_HOLD_S = 60
# What belongs to one connection and not to the answer.
OF_THE_LINE = {"connection", "transfer-encoding", "keep-alive"}


class Line(ThreadingHTTPServer):
    """Passes requests on to a server; ``url`` is where browsers ask."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.upstream = urlsplit(upstream).netloc
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.status = 0
        self._path = ""
        self._arrived, self._free = Event(), Event()

    def dead(self, status: int = 502) -> None:
        """From now on a proxy answers that nobody is behind it; 0 mends the line."""
        self.status = status

    def hold_back(self, path: str) -> None:
        """The answer to the next request for this path is ready, and stays on its way."""
        self._path = path
        self._arrived.clear()
        self._free.clear()

    def wait(self) -> None:
        """Until the server has answered what is held back."""
        assert self._arrived.wait(LONGEST_HOLD_S)

    def let_go(self) -> None:
        """Deliver what was held back, and hold nothing more."""
        self._path = ""
        self._free.set()

    def passing(self, path: str) -> None:
        """Called with the answer in hand, before it goes to the browser."""
        if path == self._path:
            self._arrived.set()
            self._free.wait(LONGEST_HOLD_S)


class _Passing(BaseHTTPRequestHandler):
    server: Line
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.server.status:
            self._answer(self.server.status, [], b"nobody there")
            return
        sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        behind = http.client.HTTPConnection(self.server.upstream, timeout=LONGEST_HOLD_S)
        behind.request(self.command, self.path, sent or None, dict(self.headers))
        answer = behind.getresponse()
        body = answer.read()
        behind.close()
        self.server.passing(self.path)
        self._answer(answer.status, answer.getheaders(), body)

    do_POST = do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        try:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in OF_THE_LINE | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_said: object) -> None:
        """Say nothing: tests have their own report."""


@contextmanager
def line_to(upstream: str) -> Iterator[Line]:
    """A line that lasts as long as the block."""
    line = Line(upstream)
    thread = Thread(target=line.serve_forever, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.let_go()
        line.shutdown()
        line.server_close()
        thread.join()
