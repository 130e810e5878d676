"""The dataset in Python: questions by name, queries of your own, rows as named tuples."""

from __future__ import annotations

import keyword
from collections import namedtuple
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from pyoxigraph import Literal, NamedNode, QueryBoolean

from communique import dataset, questions
from communique.errors import CommuniqueError
from communique.formats import Found, as_markdown, as_text, whole
from communique.guard import check
from communique.labels import Labels
from communique.names import refuse_unknown
from communique.natives import Native, native
from communique.worker import SECONDS, Limits, runner

if TYPE_CHECKING:
    import pandas as pd
    from pyoxigraph import Store

    from communique.questions import Question

Row = tuple[Native, ...]
One = str | bool | int | float | Decimal | date | timedelta | NamedNode | Literal
Given = One | Iterable[One] | None
"""What can be given to a question: one value, several, or None, which leaves it open."""


class Answer(Sequence[Any]):
    """The rows of an answer: named tuples of labels, numbers, days and truths.

    None stands for what the answer leaves open, which is never a no.
    """

    def __init__(self, found: Found, labels: Labels, *, named: bool = True) -> None:
        """Take an answer; `named` rows have labels where others have IRIs."""
        self._found = found
        self._labels = labels
        self._named = named
        make = namedtuple("Row", _fields(found.columns))  # type: ignore[misc]  # noqa: PYI024
        names = labels if named else None
        self._rows: tuple[Row, ...] = tuple(
            make(*(native(term, names) for term in row)) for row in found.rows
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self._found.columns

    @property
    def iris(self) -> Answer:
        """The same answer with IRIs in place of labels."""
        return Answer(self._found, self._labels, named=False)

    def to_dicts(self) -> list[dict[str, Native]]:
        """Return each row as a dictionary."""
        return [dict(zip(self.columns, row, strict=True)) for row in self._rows]

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame; pandas has to be installed."""
        try:
            import pandas as pd
        except ImportError as error:
            raise CommuniqueError("to_pandas: needs pandas. pip install pandas") from error
        return pd.DataFrame(list(self._rows), columns=list(self.columns))

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows; their fields are those of the question."""
        return iter(self._rows)

    @overload
    def __getitem__(self, at: int) -> Any: ...  # noqa: ANN401  its fields are the question's

    @overload
    def __getitem__(self, at: slice) -> tuple[Any, ...]: ...

    def __getitem__(self, at: int | slice) -> Any:
        """Return a row, or some."""
        return self._rows[at]

    def __str__(self) -> str:
        """Lay the answer out as a table."""
        return as_text(self._found.table(self._labels, labels=self._named)).rstrip("\n")

    def __repr__(self) -> str:
        """Lay the answer out as a table, for a session."""
        return str(self)

    def _repr_markdown_(self) -> str:
        """Show a table in a notebook."""
        return as_markdown(self._found.table(self._labels, labels=self._named))


class Dataset:
    """A project's graph, ready to be asked."""

    def __init__(self, root: Path) -> None:
        """Read a project's files."""
        self.root = root
        self.store: Store = dataset.asked(root, graphs=True)
        self._labels = Labels(self.store)

    def questions(self) -> list[Question]:
        """List the questions that are stored."""
        return questions.questions(self.root)

    def query(self, name: str, /, **given: Given) -> Answer:
        """Answer a stored question about what is given: labels, prefixed names, IRIs, values."""
        from communique.choices import narrowed

        _refuse_no_text("query", name)
        texts = {key: _texts(key, value) for key, value in given.items()}
        question = narrowed(self.store, questions.find(self.root, name), texts)
        where = str(question.path)
        if questions.is_own(self.root, question):
            found = self._apart(question.sparql, where, SECONDS)
        else:
            found = questions.ask(self.store, question.sparql, where=where)
        return Answer(whole(found), self._labels)

    def ask(self, sparql: str, *, timeout: float = SECONDS) -> Answer | bool:
        """Answer a query of your own: rows, or for an ASK yes or no.

        It runs in a process of its own, for `timeout` seconds at most, without network.
        """
        _refuse_no_text("ask", sparql)
        found = self._apart(sparql, "query", timeout)
        return (
            bool(found) if isinstance(found, QueryBoolean) else Answer(whole(found), self._labels)
        )

    def _apart(self, sparql: str, where: str, seconds: float) -> dataset.Answer:
        """Run a query of the reader's own in a process of its own."""
        check(sparql, where=where)
        refuse_unknown(self.store, sparql, where=where)
        run = runner(self.store, Limits(seconds), where=where, tell=lambda _: None)
        return questions.ask(self.store, sparql, where=where, run=run)


def _refuse_no_text(what: str, given: object) -> None:
    if not isinstance(given, str):
        raise TypeError(f"{what}: takes a text, not {type(given).__name__}")


def _texts(name: str, value: Given) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str | int | float | Decimal | date | timedelta | NamedNode | Literal):
        return (_text(value),)
    if isinstance(value, Iterable):
        return tuple(map(_text, value))
    raise CommuniqueError(f"{name} {value!r}: not a value. Give a text, a number or a day")


def _text(value: One) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, timedelta):
        sign, length = ("-", -value) if value < timedelta(0) else ("", value)
        seconds = Decimal(length.seconds) + Decimal(length.microseconds) / 1_000_000
        return f"{sign}P{length.days}DT{seconds}S"
    return value.value if isinstance(value, NamedNode | Literal) else str(value)


def _fields(columns: Iterable[str]) -> list[str]:
    """Name fields as columns, with an underscore after what would be no name of a field.

    Where Python has a word of its own the underscore is added; one that begins a name moves to
    its end; before a digit goes an n. No two fields are the same.
    """
    fields: list[str] = []
    for name in columns:
        bare = name.lstrip("_")
        field = bare if bare[:1].isidentifier() else f"n{bare}"
        taken = bare != name or keyword.iskeyword(field)
        field += "_" if taken else ""
        while field in fields:
            field += "_"
        fields.append(field)
    return fields
