"""Servers on this machine for the tests: two real ones, and one that misbehaves."""

import json
import shutil
import socket
import struct
import subprocess
import sys
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from pyoxigraph import QueryResultsFormat, QueryTriples, Store

KIND = "application/sparql-results+json"
WHOLE = b'{"head": {"vars": ["s"]}, "results": {"bindings": []}}'
LONG = 30.0
"""Seconds that a fault lasts: longer than any test waits."""


@dataclass(frozen=True)
class Server:
    """Where a real server takes questions and graphs."""

    query: str
    store: str
    user: str = ""
    password: str = ""


@contextmanager
def oxigraph() -> Iterator[Server]:
    """Run the Oxigraph server, whose default graph is the union of all."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    program = Path(sysconfig.get_path("scripts")) / "oxigraph"
    command = [str(program), "serve", "--union-default-graph", "--bind", f"127.0.0.1:{port}"]
    with _running(command, f"{address}/query"):
        yield Server(f"{address}/query", f"{address}/store")


_INI = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/temporary.db
TransactionFile = {folder}/temporary.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DirsAllowed = {folder}
NumberOfBuffers = 20000
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{http}
[SPARQL]
ResultSetMaxRows = 4000
"""


@contextmanager
def virtuoso(folder: Path) -> Iterator[Server]:
    """Run Virtuoso in the foreground, as it comes but for its port and its 4,000 rows."""
    program = shutil.which("virtuoso-t")
    if not program:
        pytest.skip("Virtuoso is not installed: apt-get install virtuoso-opensource-7-bin")
    http = free_port()
    ini = folder / "virtuoso.ini"
    ini.write_text(_INI.format(folder=folder, sql=free_port(), http=http))
    address = f"http://127.0.0.1:{http}"
    with _running([program, "+foreground", "+configfile", ini], f"{address}/sparql"):
        yield Server(f"{address}/sparql", f"{address}/sparql-graph-crud-auth", "dba", "dba")


def free_port() -> int:
    """Return a port of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _running(command: Sequence[str | Path], address: str) -> Iterator[None]:
    """Run a server until it is no longer needed; it is ready when it answers a question."""
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=nowhere, stderr=nowhere) as server:
        try:
            _wait(server, f"{address}?query=ASK%20%7B%7D")
            yield
        finally:
            server.kill()


def _wait(server: "subprocess.Popen[bytes]", address: str) -> None:
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        with suppress(OSError), urlopen(address, timeout=5):  # noqa: S310  it is our own
            return
        time.sleep(0.05)
    raise TimeoutError(f"{address}: the server did not start")


class Hostile(ThreadingHTTPServer):
    """Answers by the path that is asked: /good from a store, the others badly."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, store: Store | None = None) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store = store or Store()
        self.requests: Counter[str] = Counter()
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_args: object) -> None:
        """Say nothing of those who hang up, as they should."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*_args)  # type: ignore[arg-type]


@contextmanager
def hostile(store: Store | None = None) -> Iterator[Hostile]:
    """Run the server that misbehaves."""
    with Hostile(store) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


def _answer(store: Store, sparql: str) -> bytes:
    """Answer within one thread, which alone may hold the answer."""
    found = store.query(sparql)
    assert not isinstance(found, QueryTriples)
    return found.serialize(format=QueryResultsFormat.JSON) or b""


class _Handler(BaseHTTPRequestHandler):
    server: Hostile

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fault = urlsplit(self.path).path.strip("/")
        self.server.requests[fault] += 1
        answer: Callable[[str], None] = getattr(self, "_" + fault.replace("-", "_"))
        answer(parse_qs(form)["query"][0])

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        full = "full" in self.path
        self._send(b"no space", "text/plain", status=507 if full else 201)

    def do_GET(self) -> None:
        kind = "text/html" if "html" in self.path else "application/n-triples"
        self._send(b"<urn:a> <urn:" if "cut" in self.path else b"", kind)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def _send(self, content: bytes, kind: str = KIND, status: int = 200, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _trickle(self, content: bytes) -> None:
        end = time.monotonic() + LONG
        while time.monotonic() < end and not self.server.over.wait(0.05):
            self.wfile.write(content)
            self.wfile.flush()

    def _good(self, sparql: str) -> None:
        self._send(_answer(self.server.store, sparql))

    def _silent(self, _sparql: str) -> None:
        self.server.over.wait(LONG)

    def _slow_headers(self, _sparql: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._trickle(b".")

    def _slow_body(self, _sparql: str) -> None:
        self._send(b"")
        self._trickle(b" ")

    def _endless(self, _sparql: str) -> None:
        self._send(b"")
        while not self.server.over.is_set():
            self.wfile.write(b" " * 1_000_000)

    def _huge(self, _sparql: str) -> None:
        self._send(b" ", Content_Length="99999999999")

    def _broken(self, _sparql: str) -> None:
        content = b"<html><style>p {}</style><p>no\x1b[31m\r\nspace</p>" + b"." * 1000
        self._send(content, "text/html", status=500)

    def _refused(self, _sparql: str) -> None:
        self._send(b"line 3: what is this?", "text/plain", status=400)

    def _busy_once(self, sparql: str) -> None:
        if self.server.requests["busy-once"] == 1:
            self._send(b"", status=429, Retry_After="1")
        else:
            self._good(sparql)

    def _busy(self, _sparql: str) -> None:
        self._send(b"later", "text/plain", status=503)

    def _busy_for_an_hour(self, _sparql: str) -> None:
        self._send(b"later", "text/plain", status=503, Retry_After="3600")

    def _reset(self, _sparql: str) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _reset_once(self, sparql: str) -> None:
        (self._reset if self.server.requests["reset-once"] == 1 else self._good)(sparql)

    def _cut(self, _sparql: str) -> None:
        self._send(WHOLE[:-8])

    def _short(self, _sparql: str) -> None:
        self._send(WHOLE, Content_Length=str(len(WHOLE) + 9))

    def _not_results(self, _sparql: str) -> None:
        self._send(b'{"results": {"bindings": [{"s": {"type": "who knows"}}]}}')

    def _not_rows(self, _sparql: str) -> None:
        self._send(b'{"results": [1, 2]}')

    def _repeating(self, _sparql: str) -> None:
        self._rows(["1", "1", "2"], "s")

    def _other_columns(self, _sparql: str) -> None:
        self._rows(["1"], "login")

    def _truth(self, _sparql: str) -> None:
        self._send(b'{"head": {}, "boolean": true}')

    def _turned(self, _sparql: str) -> None:
        document = {"head": {"vars": ["p", "s"]}, "results": {"bindings": []}}
        self._send(json.dumps(document).encode())

    def _empty(self, sparql: str) -> None:
        self._send(_answer(Store(), sparql))

    def _nested(self, _sparql: str) -> None:
        self._send(b"[" * 1_000_000)

    def _timeout(self, _sparql: str) -> None:
        self._send(WHOLE, X_SQL_State="S1TAT")

    def _round(self, sparql: str) -> None:
        """Send 1,000 rows of 1,234, as a server does that has a limit."""
        rows = ["1234"] if "COUNT" in sparql else ["1"] * 1000
        self._rows(rows, "rows" if "COUNT" in sparql else "s")

    def _exact(self, sparql: str) -> None:
        """Send 1,000 rows of 1,000."""
        rows = ["1000"] if "COUNT" in sparql else ["1"] * 1000
        self._rows(rows, "rows" if "COUNT" in sparql else "s")

    def _rows(self, values: list[str], name: str) -> None:
        bindings = [{name: {"type": "literal", "value": value}} for value in values]
        document = {"head": {"vars": [name]}, "results": {"bindings": bindings}}
        self._send(json.dumps(document).encode())

    def _html(self, _sparql: str) -> None:
        self._send(b"<title>Log in</title><p>Please log in</p>", "text/html")

    def _plain(self, _sparql: str) -> None:
        self._send(WHOLE, "text/plain")

    def _packed(self, _sparql: str) -> None:
        self._send(WHOLE, Content_Encoding="gzip")

    def _to(self, url: str) -> None:
        self._send(b"", "text/plain", status=307, Location=url)

    def _to_good(self, _sparql: str) -> None:
        self._to("/good")

    def _to_file(self, _sparql: str) -> None:
        self._to("file:///etc/hostname")

    def _to_ftp(self, _sparql: str) -> None:
        self._to("ftp://127.0.0.1/good")

    def _to_private(self, _sparql: str) -> None:
        self._to(f"http://localhost:{self.server.server_port}/good")

    def _loop(self, _sparql: str) -> None:
        self._to("/loop")

    def _far(self, _sparql: str) -> None:
        steps = int(parse_qs(urlsplit(self.path).query).get("step", ["0"])[0])
        self._to(f"/far?step={steps + 1}")
