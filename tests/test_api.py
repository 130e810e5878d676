"""The dataset in Python: what a notebook sees."""

import doctest
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
from pyoxigraph import NamedNode

import communique
from communique.api import Answer, Dataset
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES

_TYPED = """\
#+ summary: What is given?
#+ params:
#+   number: {type: integer, many: true}
#+   amount: {type: decimal}
#+   day: {type: date}
#+   length: {type: duration}
#+   truth: {type: boolean}
#+   text: {type: string, required: false}
#+   thing: {type: iri, class: cmq:Actor, required: false}
SELECT $number $amount $day $length $truth $text $thing {
  VALUES $number { 1 }
  VALUES $amount { 1.0 }
  VALUES $day { "2000-01-01"^^xsd:date }
  VALUES $length { "P1D"^^xsd:dayTimeDuration }
  VALUES $truth { false }
  VALUES $text { "x" }
  VALUES $thing { actor:sylvania }
} ORDER BY $number
"""


@pytest.fixture(name="asked")
def _asked(project: Path) -> Dataset:
    (project / "queries" / "typed.rq").write_text(_TYPED)
    return communique.load(project)


def test_the_sessions_in_the_documents_print_what_they_say(checkout: Path) -> None:
    failed, tried = doctest.testfile(
        str(checkout / "docs" / "python.md"),
        module_relative=False,
        optionflags=doctest.ELLIPSIS,
    )

    assert tried > 10
    assert failed == 0


def test_rows_are_named_tuples_of_labels(asked: Dataset) -> None:
    [row] = asked.query("chain")

    assert (row.voice, row.relayed) == row == ("Sylvania", "Freedonia")


def test_rows_can_have_iris(asked: Dataset) -> None:
    assert asked.query("chain").iris[0].voice == PREFIXES["actor"] + "sylvania"


def test_python_values_are_given_as_what_they_are_and_come_back(asked: Dataset) -> None:
    given: Mapping[str, object] = {
        "amount": Decimal("2.50"),
        "day": date(2025, 3, 18),
        "length": timedelta(days=1, hours=-2),
        "truth": True,
        "text": 'UNDEF } "\\u0022',
        "thing": NamedNode(PREFIXES["actor"] + "freedonia"),
    }
    found = asked.query("typed", number=[3, 2], **given)  # type: ignore[arg-type]

    assert [tuple(row) for row in found] == [
        (
            number,
            Decimal("2.5"),
            date(2025, 3, 18),
            "PT22H",
            True,
            'UNDEF } "\\u0022',
            "Freedonia",
        )
        for number in (2, 3)
    ]


def test_none_leaves_a_parameter_open(asked: Dataset) -> None:
    [row] = asked.query("typed", text=None, thing=None)

    assert (row.text, row.thing) == (None, None)


def test_a_thing_is_given_by_its_local_name(asked: Dataset) -> None:
    assert asked.query("typed", thing="freedonia")[0].thing == "Freedonia"


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("typed", {"nubmer": 1}, "nubmer: no such parameter of typed. Did you mean number?"),
        ("chain", {"x": 1}, "x: no such parameter of chain. chain takes none"),
        ("typed", {"thing": "Fredonia"}, "Did you mean Freedonia?"),
        ("typed", {"number": []}, "number '': has no value"),
        ("typed", {"number": object()}, "not a value"),
        ("tpyed", {}, "no such question. Did you mean typed?"),
    ],
)
def test_what_is_wrong_is_said(
    asked: Dataset, name: str, given: dict[str, int], message: str
) -> None:
    with pytest.raises(CommuniqueError) as error:
        asked.query(name, **given)

    assert message in str(error.value)


def test_dictionaries_have_the_columns_as_keys(asked: Dataset) -> None:
    assert asked.query("chain").to_dicts() == [{"voice": "Sylvania", "relayed": "Freedonia"}]


def test_an_answer_shows_itself_as_a_table(asked: Dataset) -> None:
    found = asked.query("chain")

    assert repr(found).splitlines()[-1] == "1 row"
    assert found._repr_markdown_().startswith("| voice | relayed |\n")


def test_a_column_named_like_a_word_of_python_has_an_underscore(asked: Dataset) -> None:
    found = asked.ask("SELECT ?from { BIND(1 AS ?from) }")

    assert isinstance(found, Answer)
    assert (found[0].from_, found.to_dicts()) == (1, [{"from": 1}])


@pytest.mark.parametrize(
    ("column", "field"),
    [("_x", "x_"), ("__", "n_"), ("1", "n1"), ("count", "count"), ("é", "é")],
)
def test_every_column_has_a_field(asked: Dataset, column: str, field: str) -> None:
    found = asked.ask(f"SELECT ?{column} ?x_ {{ BIND(1 AS ?{column}) BIND(2 AS ?x_) }}")

    assert isinstance(found, Answer)
    assert getattr(found[0], field) == 1
    assert found.to_dicts() == [{column: 1, "x_": 2}]


@pytest.mark.parametrize("given", [None, 3, b"ASK {}", Path("x.rq")])
def test_what_is_no_text_is_said_to_be_none(asked: Dataset, given: object) -> None:
    for method in (asked.ask, asked.query):
        with pytest.raises(TypeError, match=rf"takes a text, not {type(given).__name__}"):
            method(given)  # type: ignore[arg-type]


def test_a_file_of_your_own_is_held_to_the_same_limits(asked: Dataset, tmp_path: Path) -> None:
    own = tmp_path / "own.rq"
    own.write_text("SELECT ?s { ?s cmq:voice actor:silvania }")

    with pytest.raises(CommuniqueError, match="nothing describes actor:silvania"):
        asked.query(str(own))


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 0, -1])
def test_a_timeout_that_is_no_time_is_refused(asked: Dataset, seconds: float) -> None:
    with pytest.raises(CommuniqueError, match="not a time to wait"):
        asked.ask("ASK {}", timeout=seconds)


@pytest.mark.parametrize(("sparql", "truth"), [("ASK { }", True), ("ASK { ?s <urn:x> 1 }", False)])
def test_ask_is_yes_or_no(asked: Dataset, sparql: str, *, truth: bool) -> None:
    assert asked.ask(sparql) is truth


def test_a_query_of_your_own_is_held_to_the_same_limits(asked: Dataset) -> None:
    with pytest.raises(CommuniqueError, match="SERVICE"):
        asked.ask("ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")


class _Frame:
    """Stands for pandas' data frame."""

    def __init__(self, rows: list[object], *, columns: list[str]) -> None:
        self.rows, self.columns = rows, columns


def test_a_data_frame_has_the_rows_and_columns(
    asked: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = ModuleType("pandas")
    monkeypatch.setattr(pandas, "DataFrame", _Frame, raising=False)
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    frame = asked.query("chain").to_pandas()

    assert (frame.columns, frame.rows) == (["voice", "relayed"], [("Sylvania", "Freedonia")])


def test_without_pandas_that_is_said(asked: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(CommuniqueError, match="to_pandas: needs pandas"):
        asked.query("chain").to_pandas()


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys; import communique; print('pyoxigraph' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
