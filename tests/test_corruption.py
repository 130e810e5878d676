"""The shapes notice what is corrupted, and what they do not notice has a reason."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse

from communique import catching
from communique.catching import Judge, Reason, Score
from communique.corruption import OPERATORS, Change, Mutant, World, mutants
from communique.fast import Fast
from communique.namespaces import PREFIXES

ROOT = Path(__file__).parents[1]
CMQ = PREFIXES["cmq"]

SMALL = """
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX ex: <https://example.org/a1/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
ex:s1 a cmq:Statement ; rdfs:label "Rufus: yes"@en ; cmq:voice ex:rufus ; cmq:relays ex:s2 .
ex:s2 a cmq:Statement ; rdfs:label "Rufus: no"@en ; cmq:voice ex:rufus , ex:firefly .
ex:rufus a cmq:Actor .
ex:firefly a cmq:Actor .
"""


def triples(text: str) -> list[Triple]:
    return [quad.triple for quad in parse(text, format=RdfFormat.TURTLE)]


def small() -> World:
    return World(triples(SMALL), [])


def ex(name: str) -> NamedNode:
    return NamedNode(f"https://example.org/a1/{name}")


def cmq(name: str) -> NamedNode:
    return NamedNode(CMQ + name)


@cache
def world() -> World:
    return catching.world(ROOT)


@cache
def judge() -> Judge:
    return Judge(world(), catching.shapes(ROOT))


@cache
def everything() -> tuple[Mutant, ...]:
    return tuple(mutants(world(), each=1))


def of(operator: str, property_: str = "") -> list[Mutant]:
    found = mutants(small(), each=9)
    return [each for each in found if each.operator == operator and property_ in each.predicate]


def test_every_operator_has_something_to_corrupt() -> None:
    assert {each.operator for each in everything()} == set(OPERATORS)
    assert len(OPERATORS) >= 20


def test_every_property_of_every_class_is_corrupted_in_several_ways() -> None:
    ways = Counter((each.kind, each.predicate) for each in everything())
    assert len(ways) == len(world().strata)
    assert min(ways.values()) >= 4


def test_a_mutant_takes_out_what_is_there_and_puts_in_what_is_not() -> None:
    for mutant in everything():
        removed, added = mutant.change.removed, mutant.change.added
        assert removed <= world().held
        assert removed - added or added - world().held


def test_the_same_seed_gives_the_same_mutants_and_another_seed_others() -> None:
    assert tuple(mutants(catching.world(ROOT), each=1)) == everything()
    other = tuple(mutants(world(), seed=1, each=1))
    assert {each.stratum for each in other} == {each.stratum for each in everything()}
    assert other != everything()


def test_a_cycle_leads_back_to_where_it_began() -> None:
    (mutant,) = of("cycle")
    assert mutant.change.added == {Triple(ex("s2"), cmq("relays"), ex("s1"))}


def test_what_is_turned_round_stands_there_no_longer() -> None:
    (mutant,) = of("turned round", "relays")
    old = Triple(ex("s1"), cmq("relays"), ex("s2"))
    assert mutant.change == Change(
        frozenset([old]), frozenset([Triple(ex("s2"), cmq("relays"), ex("s1"))])
    )


def test_only_what_has_one_value_gets_a_second() -> None:
    assert {each.predicate for each in of("second value")} == {"rdfs:label"}


def test_a_misnamed_thing_is_misnamed_wherever_it_is_mentioned() -> None:
    mutant = next(each for each in of("misnamed") if each.triple.subject == ex("s2"))
    named = {term for each in mutant.change.added for term in (each.subject, each.object)}
    assert ex("s2") not in named
    assert Triple(ex("s1"), cmq("relays"), ex("s2_X")) in mutant.change.added


def test_a_text_keeps_its_language_when_its_characters_change() -> None:
    for mutant in of("control character"):
        (new,) = mutant.change.added
        assert isinstance(new.object, Literal)
        assert new.object.language == "en"
        assert "\u0007" in new.object.value


def test_nothing_is_noticed_where_nothing_is_changed() -> None:
    nothing = Change(frozenset(), frozenset())
    assert judge().by_shapes(nothing) == judge().by_others(nothing) == ""


def quads(change: Change) -> list[Quad]:
    left = {*world().held, *world().ontology} - change.removed | change.added
    return [Quad(each.subject, each.predicate, each.object) for each in left]


@pytest.mark.parametrize("mutant", everything()[7::211], ids=lambda each: " ".join(each.stratum))
def test_a_mutant_is_caught_exactly_if_the_engine_finds_something_in_the_whole(
    mutant: Mutant,
) -> None:
    found = Fast().results(quads(mutant.change), catching.shapes(ROOT))
    assert bool(judge().by_shapes(mutant.change)) == bool(found)


def test_the_judge_leaves_no_trace_of_a_mutant() -> None:
    fresh = Judge(world(), catching.shapes(ROOT))
    sample = everything()[3::401]
    first = [bool(fresh.by_shapes(each.change)) for each in sample]
    again = [bool(fresh.by_shapes(each.change)) for each in reversed(sample)]
    assert first == again[::-1]


def test_open_shapes_catch_fewer_misspelt_properties() -> None:
    weak = Judge(
        world(),
        [q for q in catching.shapes(ROOT) if q.predicate.value != PREFIXES["sh"] + "closed"],
    )
    sample = [each for each in everything() if each.operator == "misspelt property"][::12]
    before = sum(bool(judge().by_shapes(each.change)) for each in sample)
    assert sum(bool(weak.by_shapes(each.change)) for each in sample) < before


def test_every_mutant_is_caught_or_listed_with_a_reason(
    record_property: Callable[[str, object], None],
) -> None:
    score = catching.run(ROOT)
    record_property("figure", str(score).splitlines()[-1])
    assert catching.findings(ROOT, score, whole=True) == []
    assert score.strict >= catching.LEAST
    told = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    tried, operators = score.tried.total(), len(score.tried)
    same, text = score.judged("same"), score.judged("text")
    assert f"{tried:,} mutants of the data by {operators} operators" in told
    assert f"{same} say nothing false, and {text} only the text or the world can refute" in told
    assert f"shapes catch {score.strict:.1f} %" in told


def test_every_class_of_survivors_is_listed_with_a_verdict_and_a_reason() -> None:
    listed = catching.reasons(ROOT)
    assert {each.verdict for each in listed.values()} <= set(catching.VERDICTS)
    assert [key for key, each in listed.items() if len(each.reason.split()) < 3] == []
    assert {operator for operator, _, _ in listed} <= set(OPERATORS)


STRATUM = ("drop", "cmq:Statement", "cmq:voice")
HALF = Score(
    tried=Counter(drop=40),
    survivors=Counter({STRATUM: 2}),
    elsewhere=Counter(names=1),
    reasons={STRATUM: Reason(2, "missed", "the voice is not asked for")},
)


def test_the_score_leaves_out_what_no_rule_could_refute() -> None:
    assert HALF.percent == HALF.raw == 95.0
    assert HALF.layers == 97.5
    same = replace(HALF, reasons={STRATUM: Reason(2, "same", "it says less, and nothing false")})
    assert (same.percent, same.strict, same.raw) == (100.0, 100.0, 95.0)
    text = replace(HALF, reasons={STRATUM: Reason(2, "text", "only the text tells whose it is")})
    assert (text.percent, text.strict, text.raw) == (100.0, 95.0, 95.0)


def test_what_only_the_text_refutes_counts_against_the_score_of_a_whole() -> None:
    only = {STRATUM: Reason(3, "text", "only the text tells whose it is")}
    worse = replace(HALF, survivors=Counter({STRATUM: 3}), reasons=only)
    assert (worse.percent, worse.strict) == (100.0, 92.5)
    told = "below 95 % with what only the text refutes"
    assert told in catching.findings(ROOT, worse)
    assert told not in catching.findings(ROOT, worse, whole=False)


def test_more_survivors_than_listed_count_against_the_score() -> None:
    worse = replace(HALF, reasons={STRATUM: Reason(1, "text", "only the text tells")})
    assert worse.percent < 100
    assert catching.findings(ROOT, worse)[0].endswith("2 survive, 1 are listed")


def test_a_survivor_without_a_reason_is_told() -> None:
    told = catching.findings(ROOT, replace(HALF, reasons={}))
    assert told[0].startswith("drop of cmq:Statement cmq:voice: nothing notices it.")


def test_a_survivor_that_is_noticed_now_is_told() -> None:
    told = catching.findings(ROOT, replace(HALF, survivors=Counter()))
    assert told == ["mutants.csv: drop of cmq:Statement cmq:voice: noticed now. Run with --update"]


def test_too_low_a_score_is_told() -> None:
    told = catching.findings(ROOT, replace(HALF, tried=Counter(drop=4)))

    assert told[-2:] == ["below 95 %", "below 95 % with what only the text refutes"]


def test_an_update_keeps_reasons_and_waits_for_new_ones(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    new = ("drop", "cmq:Actor", "rdfs:label")
    catching.update(tmp_path, replace(HALF, survivors=Counter({STRATUM: 2, new: 1})))
    listed = catching.reasons(tmp_path)
    assert listed[STRATUM] == HALF.reasons[STRATUM]
    assert listed[new] == Reason(1, "", "")


def test_a_score_shows_every_operator_with_what_it_tried_and_what_was_caught() -> None:
    lines = str(HALF).splitlines()
    assert lines[1].split() == ["drop", "40", "38"]
    assert lines[-1].startswith("40 mutants by 1 operator: 95.0 % of what a rule could refute")
