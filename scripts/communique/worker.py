"""Ad-hoc queries run in a process of their own: limited in time and memory, without network.

The engine can neither be stopped nor survive every query, so a child runs it and its parent
watches. The child gets the data and the queries by its standard input and opens no file: where
no namespace keeps it from the network, a ban on new descriptors does. A store on disk it opens
itself, to read it.
"""

import io
import json
import math
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, Self

from communique import child, inside
from communique.errors import CommuniqueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Store

SECONDS = 10.0
MEMORY = 2**30
LARGEST_ANSWER = 64 * 2**20

_STARTING = 60.0
_MAPPED = 2**30
"""What a store on disk takes of the memory that is counted without using it."""
_EXPOSED = (
    "Note: this system cannot keep a query from the network; only the search for SERVICE does."
)


@dataclass(frozen=True)
class Limits:
    """What an ad-hoc query may take."""

    seconds: float = SECONDS
    memory: int = MEMORY
    network: bool = False
    walls: tuple[str, ...] = ("namespace", "descriptors")
    """What keeps it from the network: where one cannot be had, the other has to do."""
    held: Path | None = None
    """Where a store on disk has its files; it is opened there and not handed over."""

    def __post_init__(self) -> None:
        """Refuse a time that nobody can wait."""
        child.check_patience(self.seconds)


class Worker:
    """A child process that answers queries over one store, and dies of none but its own."""

    def __init__(self, store: "Store", limits: Limits, *, where: str = "query") -> None:
        """Take the data and the limits; the process starts with the `with` block."""
        self._data = b"" if limits.held else _dump(store)
        self._limits = limits
        self._where = where
        self._late = False
        self.note = ""
        """What could not be held, to be told."""
        self.process_id = 0

    def __enter__(self) -> Self:
        """Start the process and wait until it holds the data."""
        self._talk = tempfile.TemporaryFile()
        self._process = child.start(__name__, self._talk, child.LOADING)
        self.process_id = self._process.pid
        terms = {
            "data": len(self._data),
            "held": self._limits.held and str(self._limits.held),
            "memory": self._limits.memory,
            "cpu": math.ceil(self._limits.seconds) + 5,
            "walls": [] if self._limits.network else self._limits.walls,
        }
        try:
            ready = self._exchange(terms, self._data, seconds=_STARTING)
        except BaseException:
            self.close()
            raise
        if not self._limits.network and not ready["wall"]:
            self.note = _EXPOSED
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """End the process and all that it may have started."""
        child.end(self._process)
        self._talk.close()

    def ask(
        self, sparql: str, prefixes: "Mapping[str, str]"
    ) -> "QuerySolutions | QueryBoolean | QueryTriples":
        """Return the answer of a query; what is not SPARQL is a SyntaxError, as in process."""
        reply = self._exchange(
            {"sparql": sparql, "prefixes": dict(prefixes)}, seconds=self._limits.seconds
        )
        return _revived(reply["kind"], reply["content"])

    def has_rows(self, sparql: str, prefixes: "Mapping[str, str]", *, seconds: float) -> bool:
        """Tell whether a query has any row."""
        asked = {"sparql": sparql, "prefixes": dict(prefixes), "first": True}
        return bool(self._exchange(asked, seconds=seconds)["some"])

    def _exchange(
        self, asked: dict[str, Any], more: bytes = b"", *, seconds: float
    ) -> dict[str, Any]:
        """Send a line, and what comes with it; wait so long for the line that comes back."""
        timer = threading.Timer(seconds, self._stop)
        timer.daemon = True
        timer.start()
        try:
            self._send(json.dumps(asked).encode() + b"\n" + more)
            reply = self._receive()
        finally:
            timer.cancel()
        if reply is None:
            self._explain(seconds)
        if reply["kind"] == "syntax":
            raise SyntaxError(reply["text"])
        if reply["kind"] == "refused":
            raise CommuniqueError(f"{self._where}: {reply['text']}")
        return reply

    def _send(self, content: bytes) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise RuntimeError("the worker has no input")
        try:
            pipe.write(content)
            pipe.flush()
        except BrokenPipeError:
            return  # it is dead: reading tells

    def _receive(self) -> dict[str, Any] | None:
        """Return what came back, or nothing if the process ended first."""
        pipe = self._process.stdout
        line = pipe.readline() if pipe else b""
        if not pipe or not line.endswith(b"\n"):
            return None
        reply: dict[str, Any] = json.loads(line)
        reply["content"] = pipe.read(reply.get("size", 0))
        return reply if len(reply["content"]) == reply.get("size", 0) else None

    def _stop(self) -> None:
        self._late = True
        child.kill(self._process)

    def _explain(self, seconds: float) -> NoReturn:
        """Say in one line why the process ended without an answer."""
        code = self._process.wait()
        self._talk.seek(0)
        said = self._talk.read().decode(errors="replace")
        cause = child.cause(code, said)
        if self._late or cause == "time":
            why = f"no answer within {seconds:g} s. Ask for less, or give it longer by --timeout"
        elif cause == "memory":
            why = _no_memory(self._limits.memory)
        elif cause:
            why = f"the query ended its process ({cause}). Simplify it"
        else:
            raise RuntimeError(f"worker ended with {code}: {said}")
        raise CommuniqueError(f"{self._where}: {why}")


def runner(
    store: "Store", limits: Limits, *, where: str, tell: "Callable[[str], None]"
) -> "Callable[[str, dict[str, str]], QuerySolutions | QueryBoolean | QueryTriples]":
    """Return what answers a query in a process of its own; `tell` hears what cannot be held."""

    def run(
        sparql: str, prefixes: dict[str, str]
    ) -> "QuerySolutions | QueryBoolean | QueryTriples":
        with Worker(store, limits, where=where) as worker:
            if worker.note:
                tell(worker.note)
            return worker.ask(sparql, prefixes)

    return run


def _dump(store: "Store") -> bytes:
    from pyoxigraph import RdfFormat

    return store.dump(format=RdfFormat.N_QUADS) or b""


def _revived(kind: str, content: bytes) -> "QuerySolutions | QueryBoolean | QueryTriples":
    """Turn bytes back into what the engine would have given in this process."""
    from pyoxigraph import Quad, QueryResultsFormat, RdfFormat, Store, parse, parse_query_results

    if kind != "triples":
        return parse_query_results(content, format=QueryResultsFormat.JSON)
    held = Store()
    triples = parse(content, format=RdfFormat.N_TRIPLES)
    held.extend(Quad(q.subject, q.predicate, q.object) for q in triples)
    return held.query("CONSTRUCT WHERE { ?s ?p ?o }")


def _no_memory(most: int) -> str:
    return f"the query needs more than {most // 2**20:,} MiB of memory. Ask for less"


class _Capped(io.BytesIO):
    """Bytes up to a limit."""

    full = False

    def write(self, content: Any) -> int:  # noqa: ANN401  whatever has bytes
        """Take more, unless it would be too much."""
        if self.tell() + len(content) > LARGEST_ANSWER:
            self.full = True
            raise OSError("full")
        return super().write(content)


def serve() -> None:
    """Run as the child: take limits and data, then answer one line after another."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    terms = json.loads(source.readline())
    inside.limit(terms["memory"] + (_MAPPED if terms["held"] else 0), terms["cpu"])
    inside.die_with_parent()
    walls = [wall for wall in terms["walls"] if wall == "namespace" and inside.leave_network()]
    from pyoxigraph import RdfFormat, Store

    try:
        if terms["held"]:
            store = Store.read_only(terms["held"])
        else:
            store = Store()
            store.load(source.read(terms["data"]), format=RdfFormat.N_QUADS)
    except MemoryError:
        _reply(sink, {"kind": "refused", "text": _no_memory(terms["memory"])})
        return
    if not (terms["held"] and walls) and "descriptors" in terms["walls"] and inside.open_nothing():
        walls.append("descriptors")
    _reply(sink, {"kind": "ready", "wall": walls})
    for line in source:
        _reply(sink, *_answer(store, json.loads(line), terms["memory"]))


def _reply(sink: IO[bytes], line: dict[str, Any], content: bytes = b"") -> None:
    sink.write(json.dumps(line | {"size": len(content)}).encode() + b"\n" + content)
    sink.flush()


def _answer(store: "Store", asked: dict[str, Any], memory: int) -> tuple[dict[str, Any], bytes]:
    """Run one query."""
    out = _Capped()
    try:
        if asked.get("first"):
            return {"kind": "some", "some": _some(store, asked)}, b""
        return {"kind": _run(store, asked, out)}, out.getvalue()
    except SyntaxError as error:
        return {"kind": "syntax", "text": str(error)}, b""
    except MemoryError:
        return {"kind": "refused", "text": _no_memory(memory)}, b""
    except Exception as error:  # noqa: BLE001  the parent says it in one line
        if out.full:
            most = LARGEST_ANSWER // 2**20
            return {"kind": "refused", "text": f"more than {most} MiB of answer. Add a LIMIT"}, b""
        what = " ".join(str(error).split())[:200]
        mend = "Build the store anew" if "Corruption" in what else "Mend the query"
        return {"kind": "refused", "text": f"the engine gave up: {what}. {mend}"}, b""


def _run(store: "Store", asked: dict[str, Any], out: io.BytesIO) -> str:
    from pyoxigraph import QueryResultsFormat, QueryTriples, RdfFormat

    found = store.query(asked["sparql"], prefixes=asked["prefixes"])
    if isinstance(found, QueryTriples):
        found.serialize(out, format=RdfFormat.N_TRIPLES)
        return "triples"
    found.serialize(out, format=QueryResultsFormat.JSON)
    return "results"


def _some(store: "Store", asked: dict[str, Any]) -> bool:
    from pyoxigraph import QueryBoolean

    found = store.query(asked["sparql"], prefixes=asked["prefixes"])
    return bool(found) if isinstance(found, QueryBoolean) else next(found, None) is not None
