"""The analysts' questions: plain SPARQL files whose headers say what they ask."""

from __future__ import annotations

import codecs
import os
import re
import sys
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from communique import headers
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES, prefixes_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyoxigraph import QuerySolutions, Store

    from communique.dataset import Answer, Runner, Term
    from communique.parameters import Parameter

_LARGEST = 1_000_000
"""Bytes that are read of a file; what a query may have is less, and the guard's to say."""
_OF_GRAPHS = re.compile(r"graph|from", re.IGNORECASE)
_ASIDE = re.compile(r"\A(?:\s|#[^\r\n]*)*|[?$]\w+")
"""The header of a query, before which no string is open, and its variables."""


class Question(NamedTuple):
    """One stored query and what its header says."""

    name: str
    path: Path
    summary: str
    description: str
    tags: tuple[str, ...]
    sparql: str
    parameters: tuple[Parameter, ...] = ()
    byte_order_mark: bool = False
    """Whether one stood before it and was left out."""

    @property
    def topic(self) -> str:
        """The first tag, by which questions are grouped."""
        return self.tags[0] if self.tags else "other"


def questions(root: Path) -> list[Question]:
    """Read every question of a project, by name."""
    return [question(path) for path in files(root)]


def files(root: Path) -> list[Path]:
    """List the files of a project's questions; it is an error if there is none."""
    folder = root / "queries"
    found = sorted(folder / f"{name}.rq" for name in names(root))
    if not found:
        raise CommuniqueError(f"{folder}: no .rq file in it. Give --root a project's folder")
    return found


def names(root: Path) -> set[str]:
    """Return the names of a project's questions."""
    with suppress(OSError):
        found = os.listdir(root / "queries")  # noqa: PTH208  quicker than a Path for each
        return {name.removesuffix(".rq") for name in found if name.endswith(".rq")}
    return set()


def is_own(root: Path, question: Question) -> bool:
    """Tell whether a query is the reader's own, and not one that the project stores."""
    stored = root / "queries" / f"{question.name}.rq"
    return question.path.resolve() != stored.resolve()


def find(root: Path, name: str) -> Question:
    """Return a question by its name, by the path of a file, or from standard input (`-`).

    What comes through a pipe can be read only once.
    """
    if name == "-":
        return _from_standard_input()
    if name.endswith(".rq") or "/" in name or os.sep in name:
        return question(Path(name))
    if name in names(root):
        return question(root / "queries" / f"{name}.rq")
    import difflib

    known = [path.stem for path in files(root)]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Run communique query to list them"
    raise CommuniqueError(f"{name}: no such question. {hint}")


def question(path: Path) -> Question:
    """Read one query file."""
    try:
        with path.open("rb") as file:
            return _decoded(path, file.read(_LARGEST + 1))
    except OSError as error:
        raise CommuniqueError(f"{path}: {error.strerror}. Check the path") from error


def _from_standard_input() -> Question:
    where = Path("standard input")
    if sys.stdin is None:
        raise CommuniqueError(f"{where}: closed. Give a file, or open it")
    return _decoded(where, sys.stdin.buffer.read(_LARGEST + 1))


def _decoded(path: Path, data: bytes) -> Question:
    if len(data) > _LARGEST:
        raise CommuniqueError(f"{path}: more than {_LARGEST:,} bytes. Ask in smaller steps")
    marked = data.startswith(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommuniqueError(f"{path}: not UTF-8. Save it as UTF-8") from error
    read = parse(path, text.replace("\r\n", "\n").replace("\r", "\n"))
    return read._replace(byte_order_mark=marked)


def parse(path: Path, text: str) -> Question:
    """Read a query and its header."""
    header = headers.read(str(path), text)
    return Question(
        name=path.stem,
        path=path,
        summary=str(header.get("summary") or ""),
        description=str(header.get("description") or ""),
        tags=tuple(str(tag) for tag in cast("Iterable[object]", header.get("tags") or ())),
        sparql=text,
        parameters=_parameters(path, header, text),
    )


def columns(question: Question) -> tuple[str, ...]:
    """Name the columns of a question's answer."""
    from pyoxigraph import QueryBoolean, QuerySolutions, Store

    answer = ask(Store(), question.sparql, where=str(question.path))
    if isinstance(answer, QuerySolutions):
        return tuple(variable.value for variable in answer.variables)
    return ("answer",) if isinstance(answer, QueryBoolean) else ("subject", "predicate", "object")


def listing(found: list[Question]) -> str:
    """List questions by topic, each with its name and what it asks."""
    width = max(len(question.name) for question in found)
    lines = []
    for topic, group in groupby(sorted(found, key=lambda q: (q.topic, q.name)), key=_topic):
        lines += ["", topic, *(f"  {q.name:<{width}}  {q.summary}" for q in group)]
    return "\n".join([*lines[1:], ""])


def ask(
    union: Store,
    sparql: str,
    *,
    where: str = "query",
    services: bool = False,
    run: Runner | None = None,
) -> Answer:
    """Run a query over `dataset.union`, with the project's prefixes known.

    A query that calls another server is refused: an answer comes from these files alone.
    `run` stands for the engine, where it should run elsewhere than in this process.
    """
    from communique.guard import check

    check(sparql, where=where, services=services)
    try:
        if run:
            return run(sparql, prefixes_of(sparql))
        return union.query(sparql, prefixes=prefixes_of(sparql))
    except SyntaxError as error:
        raise CommuniqueError(_unreadable(sparql, str(error), where)) from error


def asks_of_graphs(sparql: str) -> bool:
    """Tell whether a query may say GRAPH or FROM: where in doubt, yes."""
    return bool(_OF_GRAPHS.search(_ASIDE.sub("", sparql)))


def with_prefixes(sparql: str) -> str:
    """Declare the project's prefixes that a query uses and does not declare."""
    known = prefixes_of(sparql)
    missing = sorted(_prefixes_used(sparql) & set(known))
    return "".join(f"PREFIX {name}: <{known[name]}>\n" for name in missing) + sparql


def rows(answer: QuerySolutions) -> Iterator[list[Term | None]]:
    """Yield the rows of a SELECT's answer as terms."""
    for solution in answer:
        yield cast("list[Term | None]", list(solution))


def _parameters(path: Path, header: headers.Header, text: str) -> tuple[Parameter, ...]:
    if not header.get("params"):
        return ()
    from communique.parameters import declared

    return declared(str(path), header, text)


def _unreadable(sparql: str, error: str, where: str) -> str:
    """Say where a query stops being SPARQL; the engine's list of what it expected is long."""
    unknown = sorted(_prefixes_used(sparql) - set(prefixes_of(sparql)))
    if unknown:
        return f"{where}: prefix {unknown[0]}: is not known. Declare it with PREFIX"
    stray = _closing_nothing(sparql)
    if stray is not None:
        line = sparql.count("\n", 0, stray) + 1
        column = stray - sparql.rfind("\n", 0, stray)
        return f"{where}:{line}:{column}: not SPARQL: {sparql[stray]} closes nothing. Take it out"
    place = re.search(r"error at ([0-9]+):([0-9]+)", error)
    if not place:
        return f"{where}: not SPARQL: {' '.join(error.split())}. Mend the query"
    line, column = int(place[1]), int(place[2])
    rest = (sparql.splitlines()[line - 1 : line] or [""])[0][column - 1 :].strip()
    what = f"did not expect {rest[:40]!r}" if rest else "something is missing here"
    return f"{where}:{line}:{column}: not SPARQL: {what}. Mend the query"


def _closing_nothing(sparql: str) -> int | None:
    """Return where a bracket closes what no bracket of its kind has opened."""
    from communique.tokens import blanked

    opened: list[str] = []
    for at, sign in enumerate(blanked(sparql)):
        if sign in "([{":
            opened.append(sign)
        elif sign in ")]}" and (not opened or opened.pop() + sign not in {"()", "[]", "{}"}):
            return at
    return None


def _prefixes_used(sparql: str) -> set[str]:
    from communique.tokens import words

    text = words(sparql)
    declared = set(re.findall(r"\bPREFIX\s+([\w-]*):", text, flags=re.IGNORECASE))
    body = re.sub(r"\bPREFIX\s+([\w-]*):", " ", text, flags=re.IGNORECASE)
    return set(re.findall(r"(?<![\w?$@:-])([A-Za-z][\w-]*):", body)) - declared


def _topic(question: Question) -> str:
    return question.topic


def prefixes_of(sparql: str) -> dict[str, str]:
    """Return the prefixes that a query may use: the table, and those of articles in it."""
    articles = set(re.findall(r"\ba[1-9][0-9]*(?=:)", sparql))
    return PREFIXES | prefixes_for(articles)
