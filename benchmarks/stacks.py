"""The same work on the same files by several stacks: loading, validating, and all questions.

Run by bench.py, one stack in a process of its own (`again` edits an article, and puts it back):
python benchmarks/stacks.py ordinary|communique|oxigraph|virtuoso PROJECT INFERRED STAGE ...
INFERRED is a file of N-Triples that the stage `infer` writes. `load` reads it with the other files;
`reason` does without, for it finds what follows, which only `communique` does.

Each stage prints a line of JSON when it is done: its seconds, and what it found.
"""

import argparse
import atexit
import csv
import hashlib
import io
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode
from urllib.request import urlopen

from communique.namespaces import PREFIXES, shrink

if TYPE_CHECKING:
    from rdflib import Graph

    from communique.dataset import Source

STAGES = ("infer", "load", "reason", "validate", "again", "ask")
_JSON = "application/sparql-results+json"
_VIRTUOSO = """
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
DirsAllowed = /
NumberOfBuffers = 340000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
[SPARQL]
ResultSetMaxRows = 10000000
"""
"""As its manual advises for 4 GB of memory, and with all rows of an answer."""
Rows = list[tuple[str, ...]]
Findings = set[tuple[str, str]]
"""What does not keep which rule, as prefixed names."""


class Stack:
    """One way to do the work; what it can't do it says of itself.

    Asking comes after loading, and for most validating, too.
    """

    def load(self) -> None:
        """Read ontology and data, what follows from them, and the shapes."""
        raise NotImplementedError

    def reason(self) -> None:
        """Read ontology and data, and find what follows from them."""
        raise NotImplementedError

    def validate(self) -> Findings:
        """Judge the data by the shapes."""
        raise NotImplementedError

    def ask(self, sparql: str) -> Rows:
        """Answer a question: IRIs, and literals as they are written; nothing for unbound."""
        raise NotImplementedError


class Ordinary(Stack):
    """rdflib and pySHACL, used as their manuals have it."""

    def __init__(self, root: Path, inferred: Path) -> None:
        """Take a project, and what follows from it."""
        import rdflib

        rdflib.NORMALIZE_LITERALS = False  # rows are compared as they are written
        self._root = root
        self._inferred = inferred
        self._dataset = rdflib.Dataset(default_union=True)
        self._asserted = rdflib.Graph()
        self._shapes = rdflib.Graph()

    def load(self) -> None:
        """Parse every file into its graph; what is judged, once more into one."""
        for source in _sources(self._root):
            self._dataset.graph(source.iri.value).parse(source.path, format="turtle")
        for subject, predicate, value, _ in self._dataset.quads():
            self._asserted.add((subject, predicate, value))
        self._dataset.graph(PREFIXES["graph"] + "inferred").parse(self._inferred, format="nt")
        for path in sorted((self._root / "shapes").glob("*.ttl")):
            self._shapes.parse(path, format="turtle")

    def validate(self) -> Findings:
        """Ask pySHACL."""
        import pyshacl
        from rdflib import SH

        found = pyshacl.validate(self._asserted, shacl_graph=self._shapes, inplace=True)
        report = cast("Graph", found[1])
        return {
            (_short(report.value(each, SH.focusNode)), _short(report.value(each, SH.sourceShape)))
            for each in report.objects(None, SH.result)
        }

    def ask(self, sparql: str) -> Rows:
        """Ask rdflib."""
        found = cast("Iterable[tuple[object, ...]]", self._dataset.query(sparql))
        return [tuple("" if term is None else str(term) for term in row) for row in found]


class Communique(Stack):
    """The functions behind `communique query`, and the command that validates."""

    def __init__(self, root: Path, inferred: Path) -> None:
        """Take a project, and what follows from it."""
        self._root = root
        self._files = [*(source.path for source in _sources(root)), inferred]
        self._cache = tempfile.TemporaryDirectory()

    def load(self) -> None:
        """Load the files that the other stacks load."""
        from pyoxigraph import DefaultGraph, Store

        from communique.dataset import FORMATS

        self._store = Store()
        for path in self._files:
            content = path.read_bytes()
            self._store.load(content, format=FORMATS[path.suffix], to_graph=DefaultGraph())

    def reason(self) -> None:
        """Load as `communique query` does."""
        from communique import dataset

        self._store = dataset.asked(self._root)

    def validate(self) -> Findings:
        """Run the command, for every layer; what it finds is kept in a cache for the next time."""
        command = [sys.executable, "-m", "communique", "validate", "--format", "jsonl"]
        ran = subprocess.run(
            [*command, "--root", self._root, "--cache", self._cache.name],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ran.returncode not in {0, 1}:
            ran.check_returncode()
        found = map(json.loads, ran.stdout.splitlines())
        return {(f["focus"], f["rule"]["id"]) for f in found if f["layer"] == "constraints"}

    def ask(self, sparql: str) -> Rows:
        """Ask as `communique query` does."""
        from pyoxigraph import QuerySolutions

        from communique.questions import ask

        found = ask(self._store, sparql)
        if not isinstance(found, QuerySolutions):
            raise TypeError(found)
        names = [variable.value for variable in found.variables]
        return [tuple(getattr(row[name], "value", "") for name in names) for row in found]


class Oxigraph(Stack):
    """The command line of Oxigraph, which does not validate."""

    def __init__(self, root: Path, inferred: Path) -> None:
        """Take a project, and what follows from it."""
        self._files = [*(str(source.path) for source in _sources(root)), str(inferred)]
        self._folder = tempfile.TemporaryDirectory()

    def load(self) -> None:
        """Load every file."""
        self._run("load", "--file", *self._files)

    def ask(self, sparql: str) -> Rows:
        """Ask in a process for each question."""
        told = self._run("query", "--results-format", "csv", "--query", sparql)
        return [tuple(row) for row in csv.reader(io.StringIO(told))][1:]

    def _run(self, command: str, *arguments: str) -> str:
        ran = subprocess.run(
            ["oxigraph", command, "--location", self._folder.name, *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout


class Virtuoso(Stack):
    """A Virtuoso server on this machine that runs before the work begins; it does not validate."""

    def __init__(self, root: Path, inferred: Path) -> None:
        """Take a project, and what follows from it; start an empty server."""
        self._files = [*(source.path for source in _sources(root)), inferred]
        self._folder = tempfile.TemporaryDirectory()
        self._sql, self._http = _free_port(), _free_port()
        ini = Path(self._folder.name) / "virtuoso.ini"
        ini.write_text(_VIRTUOSO.format(folder=ini.parent, sql=self._sql, http=self._http))
        command = ["virtuoso-t", "+foreground", "+configfile", ini]
        silent = subprocess.DEVNULL
        self._server = subprocess.Popen(command, stdout=silent, stderr=silent)
        atexit.register(self._end)
        self._wait()

    def load(self) -> None:
        """Load every file into one graph by the bulk loader."""
        listed = [
            f"ld_dir('{file.parent.absolute()}', '{file.name}', 'urn:all')" for file in self._files
        ]
        program = [*listed, "rdf_loader_run()", "checkpoint"]
        refused = (
            "select count(*) from DB.DBA.LOAD_LIST where ll_error is not null or ll_state <> 2"
        )
        told = self._run(*program, refused)
        if "\n0\n" not in told:
            raise RuntimeError(told)

    def ask(self, sparql: str) -> Rows:
        """Ask by its protocol; a cell is what the answer says, whatever type it has."""
        form = {"query": sparql, "default-graph-uri": "urn:all", "format": _JSON}
        with urlopen(self._address, urlencode(form).encode()) as reply:  # noqa: S310  our own server
            if state := reply.headers.get("X-SQL-State"):
                raise RuntimeError(state)
            answer = json.load(reply)
        names = answer["head"]["vars"]
        rows = answer["results"]["bindings"]
        return [tuple(row[name]["value"] if name in row else "" for name in names) for row in rows]

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self._http}/sparql"

    def _run(self, *statements: str) -> str:
        program = Path(self._folder.name) / "program.sql"
        program.write_text("".join(f"{each};\n" for each in statements), encoding="utf-8")
        command = ["isql-vt", str(self._sql), "dba", "dba", "banner=off", program]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def _wait(self) -> None:
        end = time.monotonic() + 60
        while self._server.poll() is None and time.monotonic() < end:
            with suppress(OSError), urlopen(f"{self._address}?query=ASK%20%7B%7D", timeout=5):  # noqa: S310  our own server
                return
            time.sleep(0.1)
        raise TimeoutError("Virtuoso did not start")

    def _end(self) -> None:
        self._server.kill()
        self._server.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


STACKS: dict[str, Callable[[Path, Path], Stack]] = {
    "ordinary": Ordinary,
    "communique": Communique,
    "oxigraph": Oxigraph,
    "virtuoso": Virtuoso,
}


def _sources(root: Path) -> list["Source"]:
    from communique.dataset import ASIDE, sources

    return [source for source in sources(root) if source.graph not in ASIDE]


def _short(node: object) -> str:
    return shrink(str(node))


def infer(root: Path, path: Path) -> None:
    """Write what follows from a project, which only one of the stacks finds by itself."""
    from pyoxigraph import RdfFormat, serialize

    from communique import dataset, inference

    found = inference.inferred(dataset.load(root, infer=False))
    path.write_bytes(serialize([each.triple for each in found], format=RdfFormat.N_TRIPLES) or b"")


def edit(path: Path) -> None:
    """Add a word to the first label of an article."""
    said = path.read_text(encoding="utf-8")
    path.write_text(
        re.sub(r'(rdfs:label "[^"]{1,100})"@en', r'\1 too"@en', said, count=1), encoding="utf-8"
    )


@contextmanager
def edited(root: Path) -> Iterator[Path]:
    """Name the article that is edited, and put back what it held."""
    path = max((root / "data" / "articles").glob("*.ttl"))
    said = path.read_bytes()
    try:
        yield path
    finally:
        if path.read_bytes() != said:
            path.write_bytes(said)


def _asked(stack: Stack, root: Path, only: str) -> dict[str, str]:
    """Ask every question; return a digest of the rows of each, whatever their order."""
    digests = {}
    for path in sorted((root / "queries").glob(f"{only or '*'}.rq")):
        rows = stack.ask(path.read_text(encoding="utf-8"))
        digests[path.stem] = hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()[:16]
    return digests


def main() -> None:
    """Do some stages of the work, and print what each took and found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stack", choices=STACKS)
    parser.add_argument("project", type=Path)
    parser.add_argument("inferred", type=Path)
    parser.add_argument("stages", nargs="+", choices=STAGES)
    parser.add_argument("--only", default="", metavar="QUESTION")
    given = parser.parse_args()
    stack = STACKS[given.stack](given.project, given.inferred)
    with edited(given.project) as article:
        for stage in given.stages:
            if stage == "again":
                edit(article)
            begun = time.perf_counter()
            found: object = None
            if stage == "infer":
                infer(given.project, given.inferred)
            elif stage == "load":
                stack.load()
            elif stage == "reason":
                stack.reason()
            elif stage in {"validate", "again"}:
                found = sorted(stack.validate())
            else:
                found = _asked(stack, given.project, given.only)
            seconds = time.perf_counter() - begun
            print(json.dumps({"stage": stage, "seconds": seconds, "found": found}), flush=True)


if __name__ == "__main__":
    main()
