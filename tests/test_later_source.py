"""A later source that says more changes no answer about an earlier one."""

import re
from collections import Counter
from itertools import compress

import pytest
from pyoxigraph import QuerySolutions, Store

from communique import answers, dataset, inference, questions, resources
from communique.namespaces import BASE, PREFIXES
from communique.questions import Question

ROOT = resources.root()
QUESTIONS = {question.name: question for question in questions.questions(ROOT)}
NAMES = PREFIXES | {"a1": f"{BASE}id/a1/", "a99": f"{BASE}id/a99/"}
GRAPH = dataset.graph_iri("source/later")
FIRST = "news report on the Trump-Putin call of 18 March 2025"

REPORT = """
a99:source a cmq:SourceDocument ; rdfs:label "later report"@en ; cmq:narrator a99:narrator .
a99:narrator a cmq:Collective ; rdfs:label "Later narrator"@en .
passage:ca01b1d8-0-99 a cmq:Passage ; dcterms:identifier "S1" ; oa:hasSource a99:source ;
  oa:start 0 .
span:ca01b1d8-0-99 a cmq:Span ; cmq:within passage:ca01b1d8-0-99 ; oa:start 0 ; oa:end 99 .
"""
NARRATED = """a cmq:Statement ; cmq:voice a99:narrator ; cmq:force cmqv:assert ;
  cmq:attribution cmqv:unsourced ; cmq:evidence span:ca01b1d8-0-99 ; cmq:actuality cmqv:occurred"""

EXCHANGE_DONE = f"a99:s1 {NARRATED} ; cmq:content a1:v063 ."
UKRAINE_AGREES = f"""
a99:s2 {NARRATED} ; cmq:relays a99:s2a , a99:s2b .
a99:s2a a cmq:Statement ; cmq:voice actor:ukraine ; cmq:force cmqv:accept ; cmq:content a1:u009 .
a99:s2b a cmq:Statement ; cmq:voice actor:ukraine ; cmq:force cmqv:agree ; cmq:content a1:u061 .
"""
UKRAINE_DENIES = """
a99:s3 a cmq:Statement ; rdfs:label "Ukraine: no offensive"@en ; cmq:voice actor:ukraine ;
  cmq:force cmqv:deny ; cmq:content a1:v055 ; cmq:evidence span:ca01b1d8-0-99 ;
  cmq:attribution cmqv:explicit .
"""
PUTIN_ORDERS = f"""
a99:u4 a cmq:Undertaking ; rdfs:label "a halt of strikes"@en ; cmq:counterpartOf a1:u009 .
a99:s4 {NARRATED} ; cmq:relays a99:s4a .
a99:s4a a cmq:Statement ; cmq:voice actor:vladimir-putin ; cmq:force cmqv:order ;
  cmq:content a99:u4 .
"""
LATER = (EXCHANGE_DONE, UKRAINE_AGREES, UKRAINE_DENIES, PUTIN_ORDERS)

Rows = Counter[tuple[str, ...]]


def _told(*statements: str) -> Store:
    """Return the dataset with a later report that says these things."""
    store = dataset.load(ROOT, infer=False)
    said = "\n".join((REPORT, *statements))
    store.update(f"INSERT DATA {{ GRAPH {GRAPH} {{ {said} }} }}", prefixes=NAMES)
    inference.add_inferred(store)
    return dataset.union(store)


def _rows(store: Store, question: Question) -> Rows:
    """Return the rows about the first source."""
    found = answers.answer(store, question)
    at = [column in {"searchedIn", "source"} for column in found.columns]
    return Counter(row for row in found.rows if FIRST in compress(row, at))


def _stored(name: str) -> Rows:
    return Counter(answers.read(resources.answers(ROOT) / f"{name}.csv").rows)


def _items(rows: Rows, column: int = 0) -> set[str]:
    return {row[column] for row in rows}


@pytest.mark.parametrize(
    "name",
    [
        "bound-without-agreeing",
        "consent-reported",
        "duration-of-measures",
        "given-and-carried-out-by",
        "links-stated",
        "objections-and-refusals",
        "promised-not-done",
        "still-to-come",
    ],
)
def test_what_a_later_source_tells_is_no_row_of_the_first(name: str) -> None:
    assert _rows(_told(*LATER), QUESTIONS[name]) == _stored(name)


def test_the_exchange_is_still_to_come_in_one_source_and_not_in_that_which_tells_it() -> None:
    found = answers.answer(_told(EXCHANGE_DONE), QUESTIONS["still-to-come"])

    assert [row[-1] for row in found.rows if row[0] == "exchange of 175 prisoners"] == [FIRST]


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("promised-not-done", "exchange of prisoners between Ukraine and Russia"),
        ("still-to-come", "exchange of 175 prisoners"),
    ],
)
@pytest.mark.parametrize(
    "more",
    [
        "a1:v063 cmq:fulfils a1:u061 .",
        EXCHANGE_DONE.replace("span:ca01b1d8-0-99", "span:ba01b1d8-2874-2925"),
    ],
    ids=["fulfilled", "told by the same source"],
)
def test_what_is_fulfilled_or_told_as_done_is_no_longer_awaited(
    name: str, item: str, more: str
) -> None:
    gone = _stored(name) - _rows(_told(more), QUESTIONS[name])

    assert _items(gone) == {item}


def test_a_denial_in_another_text_stands_beside_the_silence_of_the_first() -> None:
    found = answers.answer(_told(UKRAINE_DENIES), QUESTIONS["allegations"])
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]

    (answered,) = [row for row in rows if row["answeredBy"]]
    assert answered["allegation"] == "offensive in the Belgorod region"
    assert answered["answeredBy"] == "Ukraine: no offensive"
    assert (answered["answer"], answered["searchedIn"]) == ("not reported", FIRST)


def test_an_act_told_by_another_voice_of_a_counterpart_rests_on_one_voice_no_more() -> None:
    question = QUESTIONS["on-one-voice-alone"]
    found = answers.answer(_told(PUTIN_ORDERS), question).rows

    assert _items(_stored("on-one-voice-alone") - Counter(found)) == {
        "Kremlin: Putin's order to the generals"
    }


@pytest.mark.parametrize("name", ["duration-of-measures", "scope-of-a-ceasefire"])
def test_an_issue_takes_in_those_that_are_narrower(name: str) -> None:
    question = QUESTIONS[name]
    (issue,) = re.findall(r"VALUES \$issue \{ (\S+) \}", question.sparql)
    more = f"{issue} skos:broader cmqv:wider ."
    wider = question.sparql.replace(issue, "cmqv:wider")
    found = questions.ask(_told(more), wider)

    assert isinstance(found, QuerySolutions)
    assert len(list(found)) == _stored(name).total()
