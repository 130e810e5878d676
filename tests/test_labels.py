from pathlib import Path
from typing import cast

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store, Triple

from communique import answering, dataset
from communique.labels import Labels, plain
from communique.lines import count, visible
from communique.namespaces import PREFIXES

_THING = NamedNode(PREFIXES["actor"] + "freedonia")
_LABEL, _NAME = NamedNode(PREFIXES["rdfs"] + "label"), NamedNode(PREFIXES["skos"] + "prefLabel")


def _text(*labels: tuple[NamedNode, Literal]) -> str:
    store = Store()
    store.extend(Quad(_THING, naming, label) for naming, label in labels)
    return Labels(store).text(_THING)


def test_a_thing_goes_by_its_english_label() -> None:
    german, english = Literal("Freedonien", language="de"), Literal("Freedonia", language="en")

    assert _text((_LABEL, german), (_LABEL, english)) == "Freedonia"


def test_a_concept_goes_by_its_preferred_label() -> None:
    assert _text((_NAME, Literal("accept", language="en"))) == "accept"


def test_without_an_english_label_a_thing_goes_by_its_prefixed_name() -> None:
    assert _text((_LABEL, Literal("Freedonien", language="de"))) == "actor:freedonia"


def test_of_two_labels_always_the_same_is_taken() -> None:
    labels = [Literal(text, language="en") for text in ("Freedonia", "Free Republic")]

    assert _text(*((_LABEL, label) for label in labels)) == "Free Republic"


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1412, "1,412 rows")]
)
def test_a_noun_agrees_with_its_number(number: int, words: str) -> None:
    assert count(number, "row") == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kiïv: “truce”", "Kiïv: “truce”"),
        ("\x1b[2Jgone", "\\u{1B}[2Jgone"),
        ("two\nlines", "two\\u{A}lines"),
        ("abc\u202ecba", "abc\\u{202E}cba"),
        ("a\u061cb\u200ec\u200fd", "a\\u{61C}b\\u{200E}c\\u{200F}d"),
        ("a\u00a0b", "a\u00a0b"),
    ],
    ids=["plain", "terminal command", "line end", "reversed order", "order marks", "wide space"],
)
def test_what_would_steer_a_terminal_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_table_keeps_each_row_in_its_line(project: Path) -> None:
    query = project / "ad-hoc.rq"
    query.write_text('SELECT ?a { BIND("one\\ntwo\\u001B[2J" AS ?a) }')
    text = answering.answered(project, str(query), form="table", labels=True)

    assert text.splitlines()[2] == "one\\u{A}two\\u{1B}[2J"


def test_a_triple_in_a_cell_is_told_by_what_it_is_made_of() -> None:
    inner = Triple(_THING, _LABEL, Literal("x", language="en"))
    outer = Triple(_THING, _NAME, inner)
    store = Store()
    store.add(Quad(_THING, _LABEL, Literal("Freedonia", language="en")))

    assert Labels(store).text(cast("dataset.Term", outer)) == (
        "<<( Freedonia skos:prefLabel <<( Freedonia rdfs:label x )>> )>>"
    )
    assert plain(cast("dataset.Term", inner)) == f"<<( {_THING.value} {_LABEL.value} x )>>"
