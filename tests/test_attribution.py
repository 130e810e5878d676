from collections.abc import Iterable
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from communique import dataset
from communique.attribution import Attributions, Position, paths_and_positions
from communique.namespaces import PREFIXES

_A1 = "https://w3id.org/communique/id/a1/"

_SECOND_TEXT = """
PREFIX a2: <https://w3id.org/communique/id/a2/>
PREFIX actor: <https://w3id.org/communique/id/actor/>
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX cmqv: <https://w3id.org/communique/vocab/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
a2:source a cmq:SourceDocument ; rdfs:label "readout"@en .
a2:p a cmq:Passage ; dcterms:identifier "S1" ; oa:hasSource a2:source .
a2:span a cmq:Span ; cmq:within a2:p ; oa:start 3 ; oa:end 9 .
a2:s001 a cmq:Statement ; cmq:voice actor:kremlin ; cmq:force cmqv:assert ;
  cmq:evidence a2:span .
"""


@pytest.fixture(scope="module")
def attributions(checkout: Path) -> Attributions:
    return Attributions(dataset.union(dataset.load(checkout, infer=False)))


def _told(attributions: Attributions, *names: str) -> tuple[str, str]:
    return paths_and_positions(attributions.supporting(_A1 + name for name in names))


def _ways(attributions: Attributions, name: str) -> tuple[str, str]:
    return paths_and_positions(attributions.routes(_A1 + name))


def test_a_relayed_act_is_told_from_the_article_inwards(attributions: Attributions) -> None:
    assert _ways(attributions, "s016a") == (
        "article ▸ White House ▸ Donald Trump and Vladimir Putin",
        "S5 621-730",
    )


def test_a_statement_told_twice_on_one_path_has_both_positions(attributions: Attributions) -> None:
    assert _ways(attributions, "s009a") == (
        "article ▸ Journalist ▸ Donald Trump and Vladimir Putin",
        "S1 0-62, S4 345-422",
    )


def test_several_outermost_statements_are_several_paths(attributions: Attributions) -> None:
    assert _ways(attributions, "s032") == (
        "article ▸ Journalist (distance) ▸ Kremlin (presupposed); article ▸ Kremlin (presupposed)",
        "S8 1429-1436; S8 1429-1456",
    )


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("s010a", "article ▸ Kremlin (scope uncertain) ▸ Donald Trump"),
        ("s019", "article ▸ White House (implied)"),
        ("s075a", "article ▸ Journalist (common ground) ▸ somebody unnamed"),
        ("r015", "article (presupposed)"),
    ],
)
def test_an_unsure_footing_stands_in_the_path(
    attributions: Attributions, name: str, path: str
) -> None:
    assert _ways(attributions, name)[0] == path


def test_what_a_voice_reads_into_another_does_not_look_like_a_report(
    attributions: Attributions,
) -> None:
    assert _ways(attributions, "s050a")[0] == "article ▸ Journalist (interpret) ▸ Vladimir Putin"


def test_a_reading_that_is_in_doubt_is_said_to_be(attributions: Attributions) -> None:
    assert _ways(attributions, "s029a")[0] == (
        "article ▸ Kremlin (reiterate) ▸ Vladimir Putin (possible reading)"
    )
    assert _ways(attributions, "s073")[0] == "article ▸ Journalist (probable reading)"


def test_who_is_not_named_is_not_given_a_name(attributions: Attributions) -> None:
    assert _ways(attributions, "s002a")[0] == "article ▸ Journalist ▸ somebody unnamed"


def test_every_statement_and_membership_has_a_way_to_it(attributions: Attributions) -> None:
    assert len(attributions.known) > 100
    assert [said for said in sorted(attributions.known) if not attributions.routes(said)] == []


def test_the_reporter_chooses_among_the_ways_to_what_is_reported(
    attributions: Attributions,
) -> None:
    assert _told(attributions, "s018", "s017a") == (
        "article ▸ White House ▸ Donald Trump and Vladimir Putin",
        "S5 801-816",
    )


def test_two_acts_that_bear_one_row_are_both_told(attributions: Attributions) -> None:
    assert _told(attributions, "s010a", "s011", "s011a") == (
        "article ▸ Kremlin (scope uncertain) ▸ Donald Trump; article ▸ Kremlin ▸ Vladimir Putin",
        "S4 424-456; S4 463-531",
    )


def test_what_is_no_statement_has_no_way_to_it(attributions: Attributions) -> None:
    assert _told(attributions, "u009") == ("", "")


def test_with_a_second_text_each_path_says_which_text(checkout: Path) -> None:
    store = dataset.union(dataset.load(checkout, infer=False))
    store.load(_SECOND_TEXT.encode(), format=RdfFormat.TURTLE)
    attributions = Attributions(store)

    assert [_first(attributions, iri) for iri in (f"{_A1}s035", f"{_A1[:-2]}2/s001")] == [
        "news report on the Trump-Putin call of 18 March 2025 ▸ Kremlin",
        "readout ▸ Kremlin",
    ]


def test_statements_that_relay_each_other_in_a_ring_do_not_hang() -> None:
    store = Store()
    store.load(_ring(["s1", "s2"]).encode(), format=RdfFormat.TURTLE)

    assert Attributions(store).routes(f"{_A1}s1") == ()


def test_a_position_names_sentence_and_code_points() -> None:
    assert str(Position("a", 621, 730, "S5", "b")) == "S5 621-730"


def _first(attributions: Attributions, iri: str) -> str:
    return attributions.routes(iri)[0].words


def _ring(names: Iterable[str]) -> str:
    one, two = names
    cmq = PREFIXES["cmq"]
    return (
        f"<{_A1}{one}> a <{cmq}Statement> ; <{cmq}relays> <{_A1}{two}> ."
        f"<{_A1}{two}> a <{cmq}Statement> ; <{cmq}relays> <{_A1}{one}> ."
    )
