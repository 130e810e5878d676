"""A question that stays within an article: all articles together give what each gives by itself."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from pyoxigraph import Quad, QuerySolutions, RdfFormat, Store, parse

from communique import locality
from communique.dataset import load, union
from communique.locality import Verdict
from communique.profile import Profile, Registry
from communique.questions import Question, ask, questions, rows
from communique.sparkquery import Asked, answering, used

_PREFIXES = """
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX a1: <https://w3id.org/communique/id/a1/>
PREFIX a2: <https://w3id.org/communique/id/a2/>
PREFIX actor: <https://w3id.org/communique/id/actor/>
PREFIX curated: <https://w3id.org/communique/id/curated/>
"""
_SHARED = """
actor:kremlin a cmq:Actor ; cmq:organOf actor:russia .
actor:russia a cmq:Actor .
"""
_ONE = "a1:s a cmq:Statement ; cmq:voice actor:kremlin ; cmq:relays a1:t . a1:t a cmq:Statement ."


def _quads(turtle: str) -> list[Quad]:
    found = parse(_PREFIXES + turtle, format=RdfFormat.TURTLE)
    return [Quad(each.subject, each.predicate, each.object) for each in found]


def _known(shared: str = "", article: str = _ONE) -> tuple[Profile, Registry]:
    """Return how things stand in some shared triples and in one article."""
    stated, own = _quads(_SHARED + shared), _quads(article)
    registry = Registry([], stated)
    owner: dict[object, str] = {quad.subject: "one" for quad in own}
    return registry.profile(stated) | registry.of_articles(own, owner, ()), registry


def _why_not(sparql: str, shared: str = "", article: str = _ONE) -> str:
    return locality.verdict(sparql, *_known(shared, article)).why_not


@pytest.mark.parametrize(
    "pattern",
    [
        "?s cmq:voice ?v . ?s cmq:relays ?t . ?t a cmq:Statement",
        "?s cmq:voice/cmq:organOf ?state",
        "?s cmq:voice ?v . ?s cmq:relays* ?t . OPTIONAL { ?t cmq:voice ?w }",
        "?s cmq:voice ?v . FILTER NOT EXISTS { ?o cmq:relays ?s }",
        "?s cmq:voice ?v . OPTIONAL { ?v cmq:organOf ?state }",
        "{ ?s cmq:voice ?v } UNION { ?s cmq:relays ?t }",
        "?s cmq:relays ?t . MINUS { ?s cmq:voice ?v }",
    ],
)
def test_what_hangs_together_by_own_things_stays_within(pattern: str) -> None:
    assert _why_not(f"SELECT * {{ {pattern} }}") == ""


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s cmq:voice ?v . ?o cmq:voice ?v }",
        "SELECT * { ?s cmq:voice ?v . ?o cmq:relays ?t }",
        "SELECT * { ?s cmq:voice ?v . OPTIONAL { ?o cmq:voice ?v . ?o cmq:relays ?t } }",
        "SELECT * { ?s cmq:voice ?v . FILTER NOT EXISTS { ?o cmq:voice ?v . ?o cmq:relays ?t } }",
        "SELECT * { ?v a cmq:Actor . OPTIONAL { ?s cmq:voice ?v } }",
        "SELECT * { ?v a cmq:Actor . FILTER NOT EXISTS { ?s cmq:voice ?v } }",
        "SELECT * { OPTIONAL { ?s cmq:voice ?v } }",
        "SELECT * { ?s cmq:relays ?t . OPTIONAL { ?s cmq:voice ?v } ?o cmq:voice ?v }",
        "SELECT * { ?s cmq:relays ?t . OPTIONAL { ?x cmq:voice ?y } ?t a ?kind . ?x a ?kind }",
        "SELECT ?v (COUNT(?s) AS ?n) { ?s cmq:voice ?v } GROUP BY ?v",
        "SELECT (COUNT(?s) AS ?n) { ?s cmq:voice ?v }",
        "SELECT * { ?s cmq:voice ?v } LIMIT 1",
        "SELECT * { ?s ?p ?v }",
        "SELECT * { GRAPH ?g { ?s cmq:voice ?v } }",
        "SELECT * { ?s cmq:voice ?v . BIND(RAND() AS ?r) }",
        "SELECT * { ?v cmq:organOf ?state }",
        "SELECT * { ?s cmq:voice/^cmq:voice ?o }",
        "SELECT * { ?s (cmq:voice/^cmq:voice)+ ?o }",
        "ASK { ?s cmq:voice ?v }",
    ],
)
def test_what_may_join_two_articles_does_not(query: str) -> None:
    assert _why_not(query) != ""


def test_a_set_of_shared_rows_stays_within() -> None:
    assert locality.verdict("SELECT DISTINCT ?v { ?v a cmq:Actor }", *_known()) == Verdict(
        is_set=True
    )


def test_a_shared_link_between_articles_is_a_bridge() -> None:
    sparql = "SELECT * { ?s cmq:relays ?t . ?t cmq:counterpartOf ?u . ?u cmq:relays ?w }"

    assert _why_not(sparql, "a1:t cmq:counterpartOf a1:s .") == ""
    assert _why_not(sparql, "a1:t cmq:counterpartOf a2:s .") != ""


def test_a_link_into_another_article_is_a_bridge() -> None:
    sparql = "SELECT * { ?s cmq:relays ?t . ?t cmq:voice ?v }"

    assert _why_not(sparql, article=_ONE + "a1:s cmq:relays a2:s .") != ""


def test_what_follows_from_two_articles_is_told() -> None:
    space = "https://w3id.org/communique/ns#"
    chain = [({f"{space}voice"}, {f"{space}organOf"})]
    bridged = [({f"{space}relays"}, {f"{space}relays"})]

    assert locality.crossing([*chain, *bridged], _known()[0]) == ""
    assert locality.crossing(bridged, _known(article=_ONE + "a1:t cmq:relays a2:s .")[0]) != ""


@pytest.fixture(scope="module")
def corpus(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of ten articles with the shape of the real one."""
    folder = tmp_path_factory.mktemp("corpus") / "ten"
    program = checkout / "benchmarks" / "corpus.py"
    environment = {**os.environ, "PYTHONPATH": str(checkout / "scripts")}
    subprocess.run([sys.executable, program, "10", folder], env=environment, check=True)
    return folder


LINKS = """
<https://w3id.org/communique/id/a1/u002> cmq:counterpartOf
    <https://w3id.org/communique/id/a2/u002> .
curated:x a cmq:Finding ; cmq:kind cmqv:conflict ; cmq:about
    <https://w3id.org/communique/id/a1/s050> , <https://w3id.org/communique/id/a3/s050> .
"""
"""What curators may say of two articles at once."""


@pytest.mark.parametrize(("links", "least"), [("", 50), (LINKS, 30)], ids=["apart", "linked"])
def test_all_articles_give_what_each_gives(corpus: Path, links: str, least: int) -> None:
    curated = corpus / "data" / "curated.ttl"
    before = curated.read_text()
    curated.write_text(before + links)
    try:
        asked = Asked(corpus, questions(corpus), strict=False)
        articles = [
            (path.relative_to(corpus).as_posix(), path.read_bytes())
            for path in sorted((corpus / "data" / "articles").iterdir())
        ]
        asked.judge(used(json.loads(answering(asked.shared)(articles))))
        found = _one_by_one(asked, articles)
        store = union(load(corpus))
    finally:
        curated.write_text(before)

    assert len(asked.within) >= least
    assert [
        question.name
        for question, verdict in asked.within.items()
        if _counted(found[question.name], verdict) != _whole(store, question, verdict)
    ] == []


Row = tuple[str | None, ...]


def _one_by_one(asked: Asked, articles: Iterable[tuple[str, bytes]]) -> dict[str, list[Row]]:
    """Ask each article by itself what stays within one; none of them tells anything new."""
    answer = answering(asked.sent)
    found: dict[str, list[Row]] = {each.name: [] for each in asked.within}
    for article in articles:
        told = json.loads(answer([article]))
        assert used(told) == frozenset()
        for _, name, cells in told:
            found[name].append(tuple(cells))
    return found


def _whole(store: Store, question: Question, verdict: Verdict) -> Counter[Row]:
    found = ask(store, question.sparql)
    assert isinstance(found, QuerySolutions)
    cells = (tuple(None if term is None else str(term) for term in row) for row in rows(found))
    return _counted(list(cells), verdict)


def _counted(found: list[Row], verdict: Verdict) -> Counter[Row]:
    return Counter(set(found) if verdict.is_set else found)
