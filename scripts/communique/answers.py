"""What every question must answer: rows stored beside the tests."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Store

from communique import ordering, resources
from communique.dataset import seen
from communique.errors import CommuniqueError
from communique.formats import Table, whole
from communique.labels import Labels
from communique.lines import count
from communique.questions import Question, ask, asks_of_graphs, questions
from communique.separated import as_csv

Row = tuple[str, ...]


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


def _of_graphs(asked: Sequence[Question]) -> bool:
    return any(asks_of_graphs(question.sparql) for question in asked)


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
