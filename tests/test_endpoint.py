"""A server of our own, on this machine, that answers well or badly."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pyoxigraph import QueryBoolean, QueryResultsFormat, QueryTriples, Store

from communique import dataset, endpoint
from communique.errors import CommuniqueError
from conftest import Run

_WHOLE = b'{"head": {"vars": ["s"]}, "results": {"bindings": []}}'


class _Server(BaseHTTPRequestHandler):
    """Answers by the path that is asked: /good from the tiny project, the others badly."""

    store: Store

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        getattr(self, "_" + self.path.strip("/"))(parse_qs(form)["query"][0])

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def _send(
        self, content: bytes, kind: str = endpoint.MEDIA_TYPE, status: int = 200, **more: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _good(self, sparql: str) -> None:
        found = self.store.query(sparql)
        assert not isinstance(found, QueryTriples)
        self._send(found.serialize(format=QueryResultsFormat.JSON) or b"")

    def _html(self, _sparql: str) -> None:
        self._send(b"<p>Please log in</p>", "text/html")

    def _cut(self, _sparql: str) -> None:
        self._send(_WHOLE[:-8])

    def _timeout(self, _sparql: str) -> None:
        self._send(_WHOLE, X_SQL_State="S1TAT")

    def _broken(self, _sparql: str) -> None:
        self._send(b"no", status=500)

    def _busy(self, _sparql: str) -> None:
        self._send(b"later", status=503)

    def _slow(self, _sparql: str) -> None:
        self._send(b"")
        with suppress(ConnectionError):
            for _ in range(40):
                self.wfile.write(b" ")
                time.sleep(0.1)


@pytest.fixture(name="server")
def _server(project: Path) -> Iterator[str]:
    handler = type("Handler", (_Server,), {"store": dataset.union(dataset.load(project))})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_question_put_to_an_endpoint_gets_the_same_answer(
    run: Run, project: Path, server: str
) -> None:
    here = run("query", "chain", "--root", project)
    there = run("query", "chain", "--root", project, "--endpoint", f"{server}/good")

    assert (there.exit_code, there.stdout) == (0, here.stdout)


def test_ask_is_answered_by_an_endpoint(server: str) -> None:
    found = endpoint.ask(f"{server}/good", "ASK { a1:s001 cmq:relays ?x }", seconds=5)

    assert isinstance(found, QueryBoolean)
    assert bool(found)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("html", "it answers with text/html"),
        ("cut", "its answer breaks off or is not JSON"),
        ("timeout", "cut its answer short"),
        ("broken", "EndPointInternalError"),
        ("busy", "503"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(server: str, fault: str, message: str) -> None:
    with pytest.raises(CommuniqueError, match=message):
        endpoint.ask(f"{server}/{fault}", "SELECT ?s { ?s ?p ?o }", seconds=5)


def test_a_trickle_ends_at_the_deadline(server: str) -> None:
    start = time.monotonic()
    with pytest.raises(CommuniqueError, match="it did not finish in time"):
        endpoint.ask(f"{server}/slow", "SELECT ?s { ?s ?p ?o }", seconds=0.5)

    assert time.monotonic() - start < 3


def test_nobody_at_the_address_is_one_clear_line(run: Run, project: Path, server: str) -> None:
    port = int(server.rpartition(":")[2]) + 1
    result = run(
        "query", "chain", "--root", project, "--endpoint", f"http://127.0.0.1:{port}/sparql"
    )

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "chain", "ftp://example.org/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(CommuniqueError, match="not the address of an endpoint"):
        endpoint.ask(url, "ASK { }", seconds=1)


@pytest.mark.parametrize("sparql", ["INSERT DATA { <urn:a> <urn:b> 1 }", "DESCRIBE <urn:a>"])
def test_only_select_and_ask_are_put_to_an_endpoint(server: str, sparql: str) -> None:
    with pytest.raises(CommuniqueError, match="only a SELECT or an ASK"):
        endpoint.ask(f"{server}/good", sparql, seconds=1)
