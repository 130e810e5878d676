"""The links to other vocabularies: sound, checked, and never needed."""

import csv
from pathlib import Path

import pytest
from owlrl.OWLRL import OWLRL_Semantics  # type: ignore[import-untyped]
from rdflib import FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SKOS, TIME, Graph, Namespace, URIRef
from rdflib.namespace import DefinedNamespace
from rdflib.term import Node

from communique.dataset import turtle_files
from communique.namespaces import PREFIXES

ROOT = Path(__file__).parents[1]
IDENTIFIERS = ROOT.parent / "shared" / "article" / "identifiers.csv"
ACCORD = ROOT / "tests" / "ontology" / "harbour-accord.ttl"
CMQ = Namespace(PREFIXES["cmq"])
BASE = str(CMQ).removesuffix("ns#")
HEADER = URIRef(BASE + "alignments")
WIKIDATA = "http://www.wikidata.org/entity/"
ENTAILING = {RDFS.subClassOf, RDFS.subPropertyOf}
MATCHES = {
    SKOS.broadMatch,
    SKOS.closeMatch,
    SKOS.exactMatch,
    SKOS.narrowMatch,
    SKOS.relatedMatch,
}

# What the other vocabularies themselves say that could clash with ours.
NEIGHBOURS = """
prov:Activity owl:disjointWith prov:Entity .
prov:Agent owl:disjointWith prov:InstantaneousEvent .
prov:Organization rdfs:subClassOf prov:Agent .
prov:Person rdfs:subClassOf prov:Agent .
foaf:Document owl:disjointWith foaf:Organization , foaf:Project .
foaf:Organization rdfs:subClassOf foaf:Agent ; owl:disjointWith foaf:Person .
foaf:Person rdfs:subClassOf foaf:Agent ; owl:disjointWith foaf:Project .
org:Organization owl:equivalentClass foaf:Organization .
oa:hasSource rdfs:domain oa:SpecificResource .
oa:hasState rdfs:domain oa:SpecificResource ; rdfs:range oa:State .
schema:Country rdfs:subClassOf schema:Place .
schema:Person owl:equivalentClass foaf:Person .
"""
DEFINED: dict[str, type[DefinedNamespace]] = {
    PREFIXES["foaf"]: FOAF,
    PREFIXES["org"]: ORG,
    PREFIXES["prov"]: PROV,
    PREFIXES["schema"]: SDO,
    "http://www.w3.org/2006/time#": TIME,
}
LISTED = {
    "http://linkedevents.org/ontology/": {
        *("Event", "atPlace", "atTime", "circa", "illustrate", "inSpace", "involved"),
        "involvedAgent",
    },
    "http://semanticweb.cs.vu.nl/2009/11/sem/": {
        *("Actor", "Authority", "Event", "Place", "Time", "View", "accordingTo", "hasActor"),
        *("hasPlace", "hasTime"),
    },
    PREFIXES["oa"]: {
        *("Annotation", "SpecificResource", "TextPositionSelector", "TextQuoteSelector"),
        *("exact", "hasTarget"),
    },
    PREFIXES["spdx"]: {"Checksum", "checksumValue"},
}


@pytest.fixture(scope="module")
def terms() -> Graph:
    return Graph().parse(ROOT / "ontology" / "communique.ttl")


@pytest.fixture(scope="module")
def concepts() -> Graph:
    return Graph().parse(ROOT / "ontology" / "concepts.ttl")


@pytest.fixture(scope="module")
def links() -> Graph:
    """Return the alignments without their header."""
    graph = Graph().parse(ROOT / "ontology" / "alignments.ttl")
    return graph.remove((HEADER, None, None))


@pytest.fixture(scope="module")
def story(terms: Graph) -> Graph:
    """Return the ontology, a small consistent story, and what the other vocabularies say."""
    prefixes = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
    return terms + Graph().parse(ACCORD) + Graph().parse(data=prefixes + NEIGHBOURS)


def close(graph: Graph) -> list[str]:
    """Add to a graph all that OWL 2 RL entails, and return the clashes found."""
    reasoner = OWLRL_Semantics(graph, False, False, False)  # noqa: FBT003 # its signature
    reasoner.closure()
    return [str(message) for message in reasoner.error_messages]


def own_words(graph: Graph) -> set[tuple[Node, Node, Node]]:
    """Return what a graph says of things in our own words."""
    return {
        (s, p, o)
        for s, p, o in graph
        if str(p).startswith(str(CMQ)) or (p == RDF.type and str(o).startswith(str(CMQ)))
    }


def test_alignments_do_not_clash_with_us_or_with_one_another(story: Graph, links: Graph) -> None:
    assert close(story + links) == []


def test_a_wrong_link_would_clash(story: Graph, links: Graph) -> None:
    wrong = Graph().add((CMQ.Organ, RDFS.subClassOf, PROV.Activity))
    wrong.add((CMQ.Organ, RDFS.subClassOf, FOAF.Person))

    assert close(story + links + wrong) != []


def test_alignments_add_nothing_in_our_own_words(story: Graph, links: Graph) -> None:
    with_links, without = story + links, story + Graph()
    close(with_links)
    close(without)

    assert own_words(without)
    assert own_words(with_links) == own_words(without)


def test_each_link_starts_from_a_term_or_concept_of_ours(
    links: Graph, terms: Graph, concepts: Graph
) -> None:
    known = terms + concepts

    assert [s for s in links.subjects() if (s, RDF.type, None) not in known] == []
    assert [s for s in links.subjects() if not str(s).startswith(BASE)] == []


def test_each_link_leads_outside(links: Graph) -> None:
    assert [o for o in links.objects() if not isinstance(o, URIRef) or o.startswith(BASE)] == []


def test_each_link_is_of_a_kind_that_suits_what_it_joins(links: Graph, concepts: Graph) -> None:
    wrong = [
        (s, p, o)
        for s, p, o in links
        if p not in (MATCHES if is_concept(s, concepts) else ENTAILING | {RDFS.seeAlso})
    ]

    assert wrong == []


def is_concept(term: Node, concepts: Graph) -> bool:
    return (term, RDF.type, SKOS.Concept) in concepts


def test_classes_are_linked_below_classes_and_properties_below_properties(
    links: Graph, terms: Graph
) -> None:
    def kind(term: Node) -> URIRef:
        return RDFS.subClassOf if (term, RDF.type, OWL.Class) in terms else RDFS.subPropertyOf

    assert [s for s, p in links.subject_predicates() if p in ENTAILING and p != kind(s)] == []


def test_each_link_leads_to_a_term_that_its_vocabulary_defines(links: Graph) -> None:
    assert [str(o) for o in links.objects() if not defined(str(o))] == []


def defined(iri: str) -> bool:
    """Tell whether an IRI is known to be a term of the vocabulary whose namespace it is in."""
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    space, name = iri[:cut], iri[cut:]
    if space == WIKIDATA:
        return name.startswith("Q") and name[1:].isdigit()
    return name in DEFINED[space] if space in DEFINED else name in LISTED.get(space, ())


def test_wikidata_is_matched_only_where_the_identifier_is_verified(links: Graph) -> None:
    if not IDENTIFIERS.is_file():
        pytest.skip("the table of verified identifiers is not at hand")
    with IDENTIFIERS.open(encoding="utf-8", newline="") as lines:
        verified = {
            row["uri"]
            for row in csv.DictReader(lines)
            if row["status"] == "verified" and row["type"] in {"concept", "sport"}
        }
    matched = {str(o) for p, o in links.predicate_objects() if p in MATCHES}

    assert matched
    assert matched - verified == set()


def test_no_file_imports_the_alignments_or_anything_else() -> None:
    importing = [p.name for p in all_turtle() if (None, OWL.imports, None) in Graph().parse(p)]

    assert importing == []


def test_same_as_is_nowhere_used() -> None:
    files = [*all_turtle(), *(ROOT / "queries").glob("*.rq")]
    names = ("owl:sameAs", str(OWL.sameAs))

    assert [p.name for p in files if any(n in p.read_text(encoding="utf-8") for n in names)] == []


def all_turtle() -> list[Path]:
    """List the Turtle files of ontology and data, and those of the shapes if there are any."""
    found = turtle_files(ROOT / "ontology") + turtle_files(ROOT / "data")
    return found + sorted((ROOT / "shapes").glob("*.ttl"))
