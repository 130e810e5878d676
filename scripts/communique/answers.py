"""What every question must answer: rows stored beside the tests."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Store

from communique import ordering, resources
from communique.dataset import Answer, seen
from communique.errors import CommuniqueError
from communique.formats import Table, as_csv, whole, written
from communique.guard import check
from communique.labels import Labels
from communique.lines import count
from communique.names import refuse_unknown
from communique.questions import (
    Question,
    ask,
    asks_of_graphs,
    find,
    is_own,
    questions,
    with_prefixes,
)

if TYPE_CHECKING:
    from communique.worker import Limits

Row = tuple[str, ...]
Given = Mapping[str, Sequence[str] | None]


@dataclass(frozen=True)
class Comparison:
    """How an answer differs from the stored one."""

    question: str
    missing: tuple[Row, ...] = ()
    unexpected: tuple[Row, ...] = ()
    problem: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.unexpected or self.problem)

    def __str__(self) -> str:
        """Show the difference in rows: `-` stored and gone, `+` there and not stored."""
        head = f"{self.question}: {self.problem or 'the answer differs'}"
        gone = [f"  - {' | '.join(row)}" for row in self.missing]
        come = [f"  + {' | '.join(row)}" for row in self.unexpected]
        return "\n".join([head, *gone, *come])


def answer(store: Store, question: Question, *, labels: bool = True) -> Table:
    """Answer a question in rows of labels, or of IRIs and plain values."""
    found = whole(ask(store, question.sparql, where=str(question.path)))
    return found.table(Labels(store), labels=labels)


def answered(  # noqa: PLR0913  one parameter for each option
    root: Path,
    name: str | Question,
    *,
    form: str,
    labels: bool | None,
    raw: bool = False,
    endpoint: str | None = None,
    on_disk: Path | None = None,
    evidence: bool = False,
    copy: Path | None = None,
    given: Given | None = None,
    timeout: float | None = None,
    allow_service: bool = False,
    why_empty: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> str | bytes:
    """Answer a project's question, or an ad-hoc query, in one of the formats.

    With the address of an endpoint the answer is that server's; labels stay the project's. With a
    store `on_disk` the data are those of the store (see `dataset.seen`).
    With evidence each row says through whom and where the text has what bears it.
    `given` has values for the question's parameters. An ad-hoc query runs in a process of its
    own, for `timeout` seconds at most. `tell` hears what could not be held, and with `why_empty`
    what leaves an answer without rows.
    """
    if endpoint is not None and why_empty:
        raise CommuniqueError("--why-empty: looks into the files only. Leave out --endpoint")
    if endpoint is not None and on_disk is not None:
        raise CommuniqueError("--store: not with --endpoint. Leave one of them out")
    question = _asked(root, name)
    if question.byte_order_mark:
        tell(f"{question.path}: a byte order mark left out.")
    check(question.sparql, where=str(question.path), services=allow_service)
    alone = not (evidence or copy or why_empty or given or form == "xlsx")
    sparql = question.sparql if alone else None
    with seen(root, on_disk, tell, graphs=_of_graphs([question]), sparql=sparql) as store:
        question = _narrowed(store, question, given, known=endpoint is None)
        if endpoint is not None:
            asking = _asking_there(endpoint, timeout, tell)
        else:
            apart = is_own(root, question) or allow_service or timeout is not None
            limits = _limits(on_disk, timeout, network=allow_service) if apart else None
            if not why_empty:
                refuse_unknown(store, question.sparql, where=str(question.path))
            asking = _asking_here(store, question, limits, tell)
        if evidence or copy:
            from communique.proof import prove

            own = is_own(root, question)
            where = str(question.path) if own else question.name
            found: Answer = prove(store, question.sparql, asking, where=where, copy=copy, own=own)
        else:
            found = asking(question.sparql)
        if why_empty:
            _explain(store, question, _limits(on_disk, timeout), tell)
        return written(store, question, found, form=form, labels=labels, raw=raw)


def _asked(root: Path, name: str | Question) -> Question:
    return name if isinstance(name, Question) else find(root, name)


def _of_graphs(asked: Sequence[Question]) -> bool:
    return any(asks_of_graphs(question.sparql) for question in asked)


def _limits(on_disk: Path | None, seconds: float | None, *, network: bool = False) -> "Limits":
    from communique.ondisk import held_in
    from communique.worker import SECONDS, Limits

    held = held_in(on_disk)
    return Limits(SECONDS if seconds is None else seconds, network=network, held=held)


def _explain(
    store: Store, question: Question, limits: "Limits", tell: Callable[[str], None]
) -> None:
    from communique.diagnosis import explain

    lines = explain(store, question.sparql, where=str(question.path), limits=limits)
    for line in lines or [f"{question.path}: has rows, so there is nothing to explain."]:
        tell(line)


def final(
    root: Path, name: str | Question, given: Given | None = None, *, on_disk: Path | None = None
) -> str:
    """Return the SPARQL that is asked in the end: with its values, and all its prefixes."""
    question = _asked(root, name)
    if given:
        with seen(root, on_disk) as store:
            question = _narrowed(store, question, given)
    return with_prefixes(question.sparql.rstrip("\n") + "\n")


def _narrowed(
    store: Store, question: Question, given: Given | None, *, known: bool = True
) -> Question:
    if not given:
        return question
    from communique.choices import narrowed

    return narrowed(store, question, given, known=known)


def _asking_there(
    endpoint: str, timeout: float | None, tell: Callable[[str], None]
) -> Callable[[str], Answer]:
    """Return what puts queries to an endpoint."""
    from communique.endpoint import PATIENCE
    from communique.endpoint import ask as ask_endpoint

    seconds = PATIENCE if timeout is None else timeout
    return lambda sparql: ask_endpoint(endpoint, sparql, seconds=seconds, tell=tell)


def _asking_here(
    store: Store, question: Question, limits: "Limits | None", tell: Callable[[str], None]
) -> Callable[[str], Answer]:
    """Return what answers queries from the files: in this process, or within limits apart."""
    where = str(question.path)
    run = None
    if limits:
        from communique.worker import runner

        run = runner(store, limits, where=where, tell=tell)
    services = bool(limits and limits.network)
    return lambda sparql: ask(store, sparql, where=where, services=services, run=run)


def test_all(
    root: Path,
    *,
    on_disk: Path | None = None,  # noqa: PT028  it tests answers, and is no test
    tell: Callable[[str], None] = lambda _: None,  # noqa: PT028  as above
) -> list[Comparison]:
    """Compare every answer of a project with the stored one (see `dataset.seen`)."""
    found = questions(root)
    with seen(root, on_disk, tell, graphs=_of_graphs(found)) as store:
        return compare_all(root, store, found)


def update_all(
    root: Path, *, on_disk: Path | None = None, tell: Callable[[str], None] = lambda _: None
) -> list[Comparison]:
    """Store the present answers of a project, then compare (see `dataset.seen`)."""
    found = questions(root)
    with seen(root, on_disk, tell, graphs=_of_graphs(found)) as store:
        for question in found:
            write(root, store, question)
        return compare_all(root, store, found)


def summary(comparisons: list[Comparison]) -> str:
    """Sum up in one line."""
    wrong = sum(not comparison.same for comparison in comparisons)
    asked = count(len(comparisons), "question")
    return f"{asked}, {f'{wrong} not' if wrong else 'all'} answered as stored."


def compare_all(root: Path, store: Store, asked: list[Question]) -> list[Comparison]:
    """Compare every answer with the stored one, and report answers that nobody asked for."""
    names = {question.name for question in asked}
    stored = sorted(path.stem for path in resources.answers(root).glob("*.csv"))
    strays = [name for name in stored if name not in names]
    return [
        *(compare(root, store, question) for question in asked),
        *(Comparison(name, problem="no question asks for it. Delete the file") for name in strays),
    ]


def compare(root: Path, store: Store, question: Question) -> Comparison:
    """Compare a question's answer with the stored one: its rows, and their order if it has one."""
    try:
        return _compared(root, store, question)
    except CommuniqueError as error:
        return Comparison(question.name, problem=str(error))


def _compared(root: Path, store: Store, question: Question) -> Comparison:
    path = resources.answers(root) / f"{question.name}.csv"
    if not path.is_file():
        return Comparison(question.name, problem="no stored answer. Run communique test --update")
    stored, fresh = read(path), answer(store, question)
    if stored.columns != fresh.columns:
        was, now = ", ".join(stored.columns), ", ".join(fresh.columns)
        return Comparison(question.name, problem=f"columns were {was} and are {now}")
    if not fresh.rows:
        return Comparison(question.name, missing=stored.rows, problem="no row")
    was_rows, now_rows = Counter(stored.rows), Counter(fresh.rows)
    if was_rows == now_rows:
        return Comparison(question.name, problem=_misplaced(store, question, stored, fresh))
    return Comparison(
        question.name,
        missing=tuple(sorted((was_rows - now_rows).elements())),
        unexpected=tuple(sorted((now_rows - was_rows).elements())),
    )


def _misplaced(store: Store, question: Question, stored: Table, fresh: Table) -> str:
    """Say which row stands first where its question's order does not put it, or nothing.

    Rows that the order does not tell apart may stand in any order among themselves.
    """
    keyed = None if stored.rows == fresh.rows else ordering.keyed(question.sparql)
    if keyed is None:
        return ""
    found = whole(ask(store, keyed[0], where=str(question.path)))
    keys = [found.columns.index(name) for name in keyed[1]]
    for start, end in ordering.groups([[row[at] for at in keys] for row in found.rows]):
        was, now = stored.rows[start:end], fresh.rows[start:end]
        if Counter(was) != Counter(now):
            row = next(iter(Counter(was) - Counter(now)))
            return f"the order differs, first in row {start + 1}: stored is {' | '.join(row)}"
    return ""


def read(path: Path) -> Table:
    """Read a stored answer."""
    try:
        lines = [tuple(row) for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8")))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommuniqueError(f"{path}: cannot be read: {error}. Check the file") from error
    if not lines:
        raise CommuniqueError(f"{path}: empty. Run communique test --update")
    return Table(lines[0], tuple(lines[1:]))


def write(root: Path, store: Store, question: Question) -> Path:
    """Store the present answer of a question."""
    path = resources.answers(root) / f"{question.name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_csv(answer(store, question)), encoding="utf-8", newline="")
    return path
