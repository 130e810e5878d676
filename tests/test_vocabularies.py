"""The lists of terms against rdflib's, and what they find in real and in small graphs."""

import subprocess
import sys

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from rdflib import namespace
from rdflib.namespace import DefinedNamespaceMeta

from communique import dataset, positions, resources, vocabularies
from communique.dataset import graph_iri
from communique.namespaces import BASE, PREFIXES, shrink
from communique.vocabularies import Vocabulary, prefix_faults, unknown_terms, vocabulary

ROOT = resources.root()
OWN = {"cmq", "cmqv"}
THINGS = tuple(f"{BASE}{part}/" for part in ("id", "graph", "shape"))
REUSED = sorted(p for p, s in PREFIXES.items() if p not in OWN and not s.startswith(THINGS))
IN_RDFLIB = {prefix: prefix.upper() for prefix in REUSED} | {"schema": "SDO"}
NOT_IN_RDFLIB = {"mod", "oa", "sd", "spdx"}
MORE = {
    "dcat": {
        "DatasetSeries",
        "first",
        "hasCurrentVersion",
        "hasVersion",
        "inCatalog",
        "inSeries",
        "isDistributionOf",
        "isVersionOf",
        "last",
        "next",
        "nextVersion",
        "prev",
        "previousVersion",
        "resource",
        "seriesMember",
        "version",
    },
    "schema": {"3DModel", "False", "True", "yield"},
    "xsd": {"anyAtomicType", "anySimpleType", "anyType", "assertion"},
}
"""What rdflib does not list: DCAT 3, what is no name in Python, and the datatypes above all."""
LESS = {
    "xsd": {
        "Assertions",
        "bounded",
        "cardinality",
        "day",
        "hour",
        "minute",
        "month",
        "numeric",
        "ordered",
        "second",
        "timezoneOffset",
        "year",
    }
}
"""What rdflib lists and nothing can be: properties of datatypes and of dates."""

FOREIGN = """
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix vann: <http://purl.org/vocab/vann/> .
@prefix trade: <https://trade.example/pact/ns#> .

<https://trade.example/pact/ns> a owl:Ontology ;
  vann:preferredNamespacePrefix "trade" ;
  vann:preferredNamespaceUri "https://trade.example/pact/ns#" ;
  sh:declare <https://trade.example/pact/ns#prefix-actor> .
<https://trade.example/pact/ns#prefix-actor>
  sh:prefix "actor" ; sh:namespace "https://trade.example/pact/id/actor/" .
trade:Tariff a owl:Class .
trade:levies a owl:ObjectProperty .
"""


def quads(turtle: str) -> list[Quad]:
    used = {
        p: s for p, s in PREFIXES.items() if f"{p}:" in turtle and f"@prefix {p}:" not in turtle
    }
    head = "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in used.items())
    found = parse((head + turtle).encode(), format=RdfFormat.TURTLE)
    return [Quad(q.subject, q.predicate, q.object, graph_iri("test")) for q in found]


def project(folder: str) -> list[Quad]:
    files = dataset.turtle_files(ROOT / folder)
    return [q for path in files for q in dataset.read(path, root=ROOT, graph=graph_iri(folder))]


@pytest.fixture(scope="module", name="ours")
def _ours() -> Vocabulary:
    return vocabulary(project("ontology"), project("shapes"))


@pytest.fixture(scope="module", name="foreign")
def _foreign() -> Vocabulary:
    return vocabulary(quads(FOREIGN))


def found(turtle: str, known: Vocabulary) -> list[tuple[str, str, str]]:
    return [(part, shrink(iri), near) for _, part, iri, near in unknown_terms(quads(turtle), known)]


# The lists


@pytest.mark.parametrize("prefix", REUSED)
def test_every_reused_vocabulary_of_the_table_is_listed(prefix: str) -> None:
    assert vocabularies.reused_terms(prefix)


@pytest.mark.parametrize("prefix", sorted(set(REUSED) - NOT_IN_RDFLIB))
def test_a_list_is_that_of_rdflib_but_for_named_exceptions(prefix: str) -> None:
    theirs = getattr(namespace, IN_RDFLIB[prefix])
    assert isinstance(theirs, DefinedNamespaceMeta)
    extras: list[str] = theirs._extras  # noqa: SLF001  dir() leaves them without a namespace
    names = {str(term).removeprefix(PREFIXES[prefix]) for term in dir(theirs)} | set(extras)
    listed = vocabularies.reused_terms(prefix) or ()

    assert {term.removeprefix(PREFIXES[prefix]) for term in listed} == (
        names - LESS.get(prefix, set()) | MORE.get(prefix, set())
    )


def test_the_lists_are_read_without_rdflib() -> None:
    code = (
        "import sys; from communique.vocabularies import reused_terms; "
        "assert reused_terms('oa'); sys.exit('rdflib' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("folder", ["ontology", "data", "shapes"])
def test_every_term_in_the_project_exists(folder: str, ours: Vocabulary) -> None:
    assert list(vocabularies.faults(project(folder), ours)) == []


# Terms


@pytest.mark.parametrize(
    ("turtle", "expected"),
    [
        ("<urn:s> cmq:voyce <urn:o> .", ("predicate", "cmq:voyce", "cmq:voice")),
        ("<urn:s> a cmq:Statment .", ("object", "cmq:Statment", "cmq:Statement")),
        ("<urn:s> cmq:force cmqv:acept .", ("object", "cmqv:acept", "cmqv:accept")),
        ("cmq:Zzz rdfs:label 'x' .", ("subject", "cmq:Zzz", "")),
        ("<urn:s> dcterms:titel 'x' .", ("predicate", "dcterms:titel", "dcterms:title")),
        ("<urn:s> a prov:Agnet .", ("object", "prov:Agnet", "prov:Agent")),
        ("<urn:s> cmq:of '1'^^xsd:int3ger .", ("object", "xsd:int3ger", "xsd:integer")),
        ("<urn:s> oa:strat 1 .", ("predicate", "oa:strat", "oa:start")),
        ("<urn:s> sh:mincount 1 .", ("predicate", "sh:mincount", "sh:minCount")),
        ("<urn:s> cmq:about schema:Persom .", ("object", "schema:Persom", "schema:Person")),
        ("<urn:s> rdf:_0 <urn:o> .", ("predicate", "rdf:_0", "")),
    ],
)
def test_a_term_that_does_not_exist_is_found_with_the_closest(
    turtle: str, expected: tuple[str, str, str], ours: Vocabulary
) -> None:
    assert found(turtle, ours) == [expected]


@pytest.mark.parametrize(
    "turtle",
    [
        "<urn:s> rdf:_12 <urn:o> .",
        "<urn:s> rdfs:isDefinedBy <http://www.w3.org/ns/oa#> .",
        "<urn:s> owl:versionIRI cmqv:9.9.9 .",
        "<urn:s> owl:priorVersion cmqv:0.0.1 .",
        "<urn:s> rdfs:seeAlso <http://purl.org/dc/terms/no/such/> .",
        "<urn:s> rdfs:label 'words'@en .",
    ],
    ids=["member", "vocabulary", "version", "prior version", "deeper", "language"],
)
def test_what_names_no_missing_term_is_let_pass(turtle: str, ours: Vocabulary) -> None:
    assert found(turtle, ours) == []


def test_a_subject_with_many_triples_is_found_once(ours: Vocabulary) -> None:
    turtle = "cmq:Zzz a owl:Class ; rdfs:label 'z' ; rdfs:subClassOf cmq:Zzz ."

    assert [part for part, _, _ in found(turtle, ours)] == ["subject", "object"]


def test_a_fault_names_the_triple_its_part_and_the_way_out(ours: Vocabulary) -> None:
    (fault,) = vocabularies.faults(quads("<urn:s> cmq:voyce <urn:o> ."), ours)

    assert fault.part == "predicate"
    assert fault.predicate == NamedNode(PREFIXES["cmq"] + "voyce")
    assert fault.graph == graph_iri("test").value
    assert (fault.rule.id, fault.layer, fault.severity) == ("unknown-term", "terms", "error")
    assert (fault.message, fault.hint) == (
        "The ontology declares no cmq:voyce.",
        "Did you mean cmq:voice?",
    )


def test_a_term_of_an_incomplete_list_is_a_warning(ours: Vocabulary) -> None:
    (fault,) = vocabularies.faults(quads("<urn:s> mod:competencyQuestio 'x' ."), ours)

    assert (fault.rule.id, fault.severity) == ("unknown-reused-term", "warning")


@pytest.mark.parametrize(
    ("turtle", "part"),
    [
        ("<urn:s> <http://www.w3.org/ns/prov/wasQuotedFrom> <urn:o> .", "predicate"),
        ("<urn:s> a <http://schema.org/Person> .", "object"),
    ],
)
def test_a_property_or_class_of_no_known_vocabulary_is_a_warning(
    turtle: str, part: str, ours: Vocabulary
) -> None:
    (fault,) = vocabularies.faults(quads(turtle), ours)

    assert (fault.rule.id, fault.part, fault.severity) == ("unlisted-vocabulary", part, "warning")


@pytest.mark.parametrize(
    ("turtle", "part", "hint"),
    [
        ("<urn:s> a prov:agent .", "object", "Did you mean prov:Agent?"),
        ("<urn:s> prov:Agent <urn:o> .", "predicate", "Did you mean prov:agent?"),
        ("<urn:s> a dcterms:title .", "object", "Use another term"),
    ],
)
def test_a_class_as_a_predicate_and_a_property_as_a_type_are_found(
    turtle: str, part: str, hint: str, ours: Vocabulary
) -> None:
    (fault,) = vocabularies.faults(quads(turtle), ours)

    assert (fault.rule.id, fault.part, fault.hint) == ("term-kind", part, hint)


def test_a_term_inside_a_quoted_triple_is_looked_up(ours: Vocabulary) -> None:
    turtle = "<urn:s> rdfs:seeAlso <<( <urn:a> cmq:voyce <urn:b> )>> ."

    assert found(turtle, ours) == [("object", "cmq:voyce", "cmq:voice")]


def test_so_many_unknown_terms_that_suggestions_take_too_long_are_all_found(
    ours: Vocabulary,
) -> None:
    many = vocabularies.MOST_SUGGESTIONS + 50
    turtle = "".join(f"<urn:s> schema:nam{n} 1 .\n" for n in range(many))
    each = found(turtle, ours)

    assert len(each) == many
    assert sum(bool(near) for _, _, near in each) == vocabularies.MOST_SUGGESTIONS


# A project of its own


@pytest.mark.parametrize(
    ("turtle", "expected"),
    [
        ("<urn:s> <https://trade.example/pact/ns#levy> 1 .", "trade:levies"),
        ("<urn:s> cmq:voyce 1 .", "cmq:voice"),
    ],
    ids=["its own", "of the installed ontology"],
)
def test_another_projects_terms_are_those_that_its_ontology_declares(
    turtle: str, expected: str, foreign: Vocabulary
) -> None:
    assert [near for _, _, near in found(turtle, foreign)] == [expected]


@pytest.mark.parametrize("term", ["trade:Tariff", "trade:levies", "cmq:voice"])
def test_what_another_project_declares_exists(term: str, foreign: Vocabulary) -> None:
    assert foreign.exists(foreign.expand(term) or "")


def test_a_project_that_declares_terms_of_ours_itself_is_held_to_them() -> None:
    own = vocabulary(quads("cmq:voice a owl:ObjectProperty ."))

    assert own.exists(f"{PREFIXES['cmq']}voice")
    assert not own.exists(f"{PREFIXES['cmq']}force")


@pytest.mark.parametrize(
    ("iri", "owned"),
    [
        ("https://trade.example/pact/id/a1/s1", True),
        ("https://trade.example/pact/deal", True),
        (f"{BASE}id/actor/kremlin", True),
        ("https://trade.example/pact/ns#Tariff", False),
        ("https://trade.example/pact/graph/x", False),
        ("https://trade.example/other", False),
        ("http://www.wikidata.org/entity/Q1", False),
    ],
)
def test_a_projects_things_are_beside_its_terms(
    iri: str, *, owned: bool, foreign: Vocabulary
) -> None:
    assert foreign.owns(iri) is owned


def test_on_a_host_of_its_own_a_projects_things_are_below_id() -> None:
    own = vocabulary(quads("<https://trade.example/ns#Tariff> a owl:Class ."))

    assert own.owns("https://trade.example/id/x")
    assert not own.owns("https://trade.example/elsewhere")


# Prefixes


@pytest.mark.parametrize("folder", ["ontology", "data", "shapes"])
def test_every_file_declares_what_it_uses_and_by_the_table(folder: str, ours: Vocabulary) -> None:
    for path in dataset.turtle_files(ROOT / folder):
        reading = positions.read(path.read_text(encoding="utf-8"))
        declared = [(each.prefix, each.iri) for each in reading.declared if not each.is_base]
        written = (name.written for name in reading.names)
        used = {each.partition(":")[0] for each in written if not each.startswith("<")}

        assert declared
        assert list(prefix_faults(declared, used, ours)) == []


def prefixes(
    known: Vocabulary, *declared: tuple[str, str], used: set[str] | None = None
) -> list[tuple[int, str, str, str]]:
    used = {prefix for prefix, _ in declared} if used is None else used
    return [
        (fault.index, fault.rule.id, fault.expected, fault.severity)
        for fault in prefix_faults(declared, used, known)
    ]


DC = "http://purl.org/dc/terms/"


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ([("dcterms", "http://purl.org/dc/terms#")], (0, "prefix-otherwise", DC, "error")),
        ([("dct", DC)], (0, "prefix-unknown", "dcterms", "error")),
        ([("cqm", "urn:x")], (0, "prefix-unknown", "cmq", "error")),
        ([("", "urn:x")], (0, "prefix-unknown", "", "error")),
        ([("dcterms", DC), ("dcterms", DC)], (1, "prefix-twice", "", "error")),
        ([("a7", f"{BASE}id/a8/")], (0, "prefix-otherwise", f"{BASE}id/a7/", "error")),
    ],
    ids=["otherwise", "another name", "misspelt", "empty", "twice", "article"],
)
def test_a_prefix_that_departs_from_the_table_is_found(
    declared: list[tuple[str, str]], expected: tuple[int, str, str, str], ours: Vocabulary
) -> None:
    assert prefixes(ours, *declared) == [expected]


def test_a_prefix_that_nothing_uses_is_a_warning(ours: Vocabulary) -> None:
    assert prefixes(ours, ("dcterms", DC), used=set()) == [(0, "prefix-unused", "", "warning")]


def test_the_prefixes_of_the_table_and_of_articles_are_known(ours: Vocabulary) -> None:
    declared = [*PREFIXES.items(), ("a1", f"{BASE}id/a1/"), ("a12", f"{BASE}id/a12/")]

    assert prefixes(ours, *declared) == []


@pytest.mark.parametrize(
    ("declared", "ids"),
    [
        (("trade", "https://trade.example/pact/ns#"), []),
        (("actor", "https://trade.example/pact/id/actor/"), []),
        (("actor", f"{BASE}id/actor/"), ["prefix-otherwise"]),
        (("a1", "https://trade.example/pact/id/a1/"), []),
        (("cmq", "https://trade.example/pact/ns#"), ["prefix-otherwise"]),
    ],
)
def test_a_project_adds_prefixes_and_chooses_those_of_things_alone(
    declared: tuple[str, str], ids: list[str], foreign: Vocabulary
) -> None:
    assert [each[1] for each in prefixes(foreign, declared)] == ids
