"""The data says what the article says, and nothing that it must not say."""

import csv
import re
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, QueryBoolean, Store

from communique.dataset import load, select, union
from communique.namespaces import PREFIXES, expand

SHARED = Path(__file__).parents[2] / "shared" / "article"
COVERAGE = Path(__file__).parent / "coverage.csv"
FACTS = [f"F{number:03}" for number in range(1, 100)]
VOICES = {
    "WHITE_HOUSE": "white-house",
    "KREMLIN": "kremlin",
    "RU_GOVERNMENT": "russian-government",
    "RU_MOD": "russian-defence-ministry",
    "RUSSIA_UNSPECIFIED": "russia",
    "UA_MEDIA": "ukrainian-media",
    "PUTIN": "vladimir-putin",
    "PESKOV": "dmitry-peskov",
    "DMITRIEV": "kirill-dmitriev",
    "NONE": "narrator-1",
    "JOURNALIST": "narrator-1",
}
NEVER = {
    "a deed fulfils or breaches an undertaking": "?e cmq:fulfils|cmq:breaches ?u",
    "a deed carries out the halt of strikes": "?e cmq:executionOf a1:u009",
    "Ukraine agrees, accepts, commits, promises, refuses or denies": """
        ?s cmq:voice|cmq:onBehalfOf actor:ukraine ; cmq:force ?force .
        VALUES ?force { cmqv:agree cmqv:accept cmqv:commit cmqv:promise cmqv:refuse cmqv:deny }""",
    "Ukraine takes part in the call": """
        VALUES ?common { a1:v066 a1:g006 } ?common cmq:participant actor:ukraine""",
    "the halt binds somebody": "a1:u009 cmq:obligor ?anybody",
    "the United States attacks": "?act a cmq:HostileAct ; cmq:participant actor:united-states",
    "a reading of the author's is told as a report": """
        ?s cmq:force ?force ; cmq:content ?x . ?x a cmq:Assessment .
        ?s cmq:voice actor:narrator-1 . FILTER(?force != cmqv:interpret) FILTER(?x != a1:x067)""",
    "somebody but the author reads capitulation into the conditions": """
        ?s cmq:conveys a1:x046 ; cmq:voice ?voice . FILTER(?voice != actor:narrator-1)""",
    "anybody but the ministry tells of an offensive in Belgorod": """
        ?s cmq:conveys a1:v055 ; cmq:voice ?v . FILTER(?v != actor:russian-defence-ministry)""",
    "the shelling stands on other than Ukrainian media's word": """
        ?s cmq:conveys a1:v051 ; cmq:voice ?voice . FILTER(?voice != actor:ukrainian-media)""",
    "crimes, call-up or rearmament are more than taken for granted": """
        ?s cmq:content ?x . VALUES ?x { a1:x032 a1:x033 a1:x034 a1:x037 a1:x038 }
        FILTER NOT EXISTS { ?s cmq:attribution cmqv:presupposed }""",
    "a truce or a peace is committed to, and not talks": """
        ?s cmq:force ?force ; cmq:content ?u . VALUES ?force { cmqv:commit cmqv:agree cmqv:accept }
        ?u cmq:action cmqv:cease-fire""",
    "the exchange or the handover has happened": """
        ?s cmq:actuality ?placed ; cmq:content ?x . VALUES ?x { a1:v063 a1:u064 a1:u061 }
        VALUES ?placed { cmqv:occurred cmqv:ongoing }""",
    "175 or 23 are counted on a basis": "?q a cmq:Quantity ; cmq:basis cmqv:total",
    "175 or 23 are counted for each side": "?q a cmq:Quantity ; cmq:basis cmqv:per-side",
    "matches or a Mars mission are arranged": """
        ?s cmq:actuality cmqv:scheduled ; cmq:conveys ?u . VALUES ?u { a1:u096 a1:u086 }""",
    "somebody accepts the Mars mission": """
        ?s cmq:content a1:u086 ; cmq:force ?force . FILTER(?force != cmqv:propose)""",
    "the Kremlin removes the letters": """
        { a1:v090 cmq:participant actor:kremlin }
        UNION { actor:workers cmq:organOf|org:reportsTo ?anybody }""",
    "Putin is late": "?s cmq:content a1:x075 ; cmq:force cmqv:assert",
    "the building or the fund has an identifier": """
        VALUES ?x { place:diplomatic-building actor:russian-sovereign-wealth-fund }
        ?x schema:sameAs ?anything""",
    "X is spoken to": "?s cmq:addressee channel:x",
    "the source has an author, an outlet or a date": """
        a1:source dcterms:creator|dcterms:publisher|dcterms:issued|dcterms:date ?anything""",
    "the halt begins or ends on a day": """
        a1:u009 cmq:time ?time . ?time cmq:date|cmq:resolvesTo|cmq:notBefore|cmq:notAfter ?day""",
    "Trump is a source": "?s cmq:voice actor:donald-trump ; cmq:evidence ?span",
    "anybody denies anything": "?s cmq:force cmqv:deny",
    "a thaw with Ukraine": "?x a cmq:Assessment ; cmq:about actor:ukraine . a1:s089 cmq:content ?x",
}


@pytest.fixture(scope="module", name="graph")
def _graph(checkout: Path) -> Store:
    return union(load(checkout))


@pytest.fixture(scope="session", name="facts")
def _facts() -> dict[str, dict[str, str]]:
    if not SHARED.is_dir():
        pytest.skip("the article and its facts are not beside this checkout")
    with (SHARED / "facts.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def carriers() -> dict[str, str]:
    """Return the resource that carries each fact."""
    with COVERAGE.open(encoding="utf-8", newline="") as file:
        return {row["fact"]: row["resource"] for row in csv.DictReader(file)}


def stated() -> list[str]:
    """List the facts that a statement carries; memberships and the dateline carry the others."""
    return [fact for fact, carrier in carriers().items() if carrier.startswith("a1:s")]


def asks(graph: Store, pattern: str) -> bool:
    """Tell whether a pattern has a solution."""
    answer = graph.query(f"ASK {{ {pattern} }}", prefixes=PREFIXES | {"a1": expand("a1:") or ""})
    assert isinstance(answer, QueryBoolean)
    return bool(answer)


def rows(graph: Store, sparql: str) -> list[dict[str, str]]:
    """Return the rows of a query as plain text."""
    return [{name: term.value for name, term in row.items()} for row in select(graph, sparql)]


def positions(graph: Store, resource: str) -> list[tuple[int, int]]:
    """Return where the text bears a statement or a membership, or where a passage is."""
    node = NamedNode(expand(resource) or resource)
    found = rows(
        graph,
        f"SELECT ?start ?end {{ {node} cmq:evidence? ?x . ?x oa:start ?start ; oa:end ?end }}",
    )
    return [(int(row["start"]), int(row["end"])) for row in found]


def test_every_fact_is_carried() -> None:
    """One row for each of the 99 facts, and no other."""
    assert list(carriers()) == FACTS


@pytest.mark.parametrize("fact", FACTS)
def test_what_carries_a_fact_is_in_the_data(graph: Store, fact: str) -> None:
    """The resource is described, and text bears it."""
    assert positions(graph, carriers()[fact])


@pytest.mark.parametrize("fact", FACTS)
def test_evidence_is_the_clause_of_the_fact(
    graph: Store, facts: dict[str, dict[str, str]], fact: str
) -> None:
    """Some evidence has just the fact's span; clause-wide, neither more nor less."""
    span = (int(facts[fact]["span_start"]), int(facts[fact]["span_end"]))

    assert span in positions(graph, carriers()[fact])


@pytest.mark.parametrize("fact", stated())
def test_a_fact_has_the_voice_of_its_source(
    graph: Store, facts: dict[str, dict[str, str]], fact: str
) -> None:
    """The outermost voice is the source that the fact was read from."""
    carrier = NamedNode(expand(carriers()[fact]) or "")
    voices = {row["v"] for row in rows(graph, f"SELECT ?v {{ {carrier} cmq:voice ?v }}")}

    assert voices == {expand(f"actor:{VOICES[facts[fact]['reported_by']]}")}


@pytest.mark.parametrize("fact", stated())
def test_readings_and_claims_keep_their_footing(
    graph: Store, facts: dict[str, dict[str, str]], fact: str
) -> None:
    """Undisputed, unsourced, attributed and read-in facts are told apart as the facts have it."""
    carrier = NamedNode(expand(carriers()[fact]) or "")
    found = rows(
        graph,
        f"""SELECT ?attribution ?force {{ {carrier} cmq:attribution ?attribution
            OPTIONAL {{ {carrier} cmq:force ?force }} }}""",
    )
    footing = {row["attribution"].rpartition("/")[2] for row in found}
    force = {row.get("force", "").rpartition("/")[2] for row in found}
    allowed = {
        "YES": {"common-ground"},
        "UNATTR": {"unsourced", "implied"},
        "ATTR": {"explicit", "implied", "scope-uncertain", "presupposed"},
        "EMBED": {"presupposed", "explicit"},
        "INTERP": {"unsourced"},
        "MT": {"unsourced", "explicit"},
    }[facts[fact]["assertability"]]

    assert footing <= allowed
    assert ("interpret" in force) == (
        facts[fact]["assertability"] == "INTERP" or facts[fact]["reported_by"] == "JOURNALIST"
    )


@pytest.mark.parametrize("claim", NEVER)
def test_what_must_not_be_said_is_not_said(graph: Store, claim: str) -> None:
    """No triple says it, inferred ones included."""
    assert not asks(graph, NEVER[claim])


def test_nothing_is_the_same_as_anything(checkout: Path) -> None:
    """No owl:sameAs: a name may stand for a fortress, an office or a state."""
    assert not [path for path in checkout.glob("*/**/*.ttl") if "owl:sameAs" in path.read_text()]


def test_identifiers_are_those_that_were_verified(graph: Store) -> None:
    """Each address is one that was checked; none is made up, none unverified is used."""
    if not SHARED.is_dir():
        pytest.skip("the verified identifiers are not beside this checkout")
    with (SHARED / "identifiers.csv").open(encoding="utf-8", newline="") as file:
        listed = [row for row in csv.DictReader(file) if row["status"] == "verified"]
    addresses = {row["uri"] for row in listed if row["uri"]}
    codes = {row["identifier"] for row in listed if row["scheme"].startswith("ISO")}
    used = {row["x"] for row in rows(graph, "SELECT ?x { ?thing schema:sameAs ?x }")}
    noted = {
        row["x"]
        for row in rows(
            graph,
            "SELECT ?x { ?thing schema:sameAs ?y ; skos:notation ?x . "
            "FILTER(STRSTARTS(STR(DATATYPE(?x)), STR(cmq:ISO3166))) }",
        )
    }

    assert used <= addresses
    assert noted == codes


def test_sixteen_passages_stand_in_quotation_marks(graph: Store) -> None:
    """As many spans of direct speech as there are pairs of quotation marks."""
    assert len(rows(graph, "SELECT DISTINCT ?s { ?s cmq:wordsOf ?statement }")) == 16


def test_quotations_are_the_words_between_the_marks(graph: Store) -> None:
    """Each is between a pair of marks, and its words are those of the copy."""
    if not SHARED.is_dir():
        pytest.skip("the article is not beside this checkout")
    text = (SHARED / "article.txt").read_text(encoding="utf-8")
    between = {match.span(1) for match in re.finditer(r'"([^"]*)"', text)}
    found = rows(
        graph,
        "SELECT DISTINCT ?start ?end ?quote "
        "{ ?s cmq:wordsOf ?x ; oa:start ?start ; oa:end ?end ; cmq:quote ?quote }",
    )

    assert {(int(row["start"]), int(row["end"])) for row in found} == between
    for row in found:
        assert row["quote"].strip("… ") in text[int(row["start"]) : int(row["end"])]


def test_every_name_is_a_mention(graph: Store) -> None:
    """Wherever a name of an actor or a place stands, some span denotes what it means there."""
    if not SHARED.is_dir():
        pytest.skip("the article is not beside this checkout")
    text = (SHARED / "article.txt").read_text(encoding="utf-8")
    names = (
        "Trump|Putin|Witkoff|Peskov|Dmitriev|Musk|Kremlin|White House|Russia|Ukraine|"
        "United States|Washington|Moscow|Kiev|kyiv|Belgorod|Black Sea|Middle East|Mars|West"
    )
    found = rows(graph, "SELECT ?start ?end { ?s cmq:denotes ?x ; oa:start ?start ; oa:end ?end }")
    spans = [(int(row["start"]), int(row["end"])) for row in found]
    bare = [
        (match.group(), match.start())
        for match in re.finditer(rf"\b(?:{names})\b(?!n)", text)
        if not any(start <= match.start() and match.end() <= end for start, end in spans)
    ]

    assert bare == []


def test_the_facts_absent_and_in_conflict_are_findings(graph: Store) -> None:
    """At least the sixteen silences of the notes, with author, date and reason."""
    found = rows(
        graph,
        "SELECT ?f { ?f cmq:kind cmqv:not-reported ; cmq:within ?text ; rdfs:comment ?why ; "
        "prov:wasAttributedTo ?who ; dcterms:date ?day }",
    )

    assert len(found) >= 16
