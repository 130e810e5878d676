"""The rules are few; the full OWL 2 RL closure of another reasoner says whether they suffice."""

from pathlib import Path

import owlrl
import pytest
import rdflib
from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store

from communique import dataset, inference
from communique.namespaces import PREFIXES, shrink

_CMQ = PREFIXES["cmq"]


def _names(quads: list[Quad]) -> set[tuple[str, str, str]]:
    triples = ((q.subject, q.predicate, q.object) for q in quads)
    return {(shrink(s.value), shrink(p.value), shrink(o.value)) for s, p, o in triples}  # type: ignore[union-attr]  # no triple terms here


@pytest.fixture(name="inferred")
def _inferred(project: Path) -> set[tuple[str, str, str]]:
    return _names(inference.inferred(dataset.load(project, infer=False)))


@pytest.mark.parametrize(
    "triple",
    [
        ("a1:s001a", "cmq:onBehalfOf", "actor:freedonian-trade-office"),
        ("a1:s001", "cmq:relaysDeep", "a1:s001a"),
        ("a1:s001", "cmq:conveys", "a1:s001a"),
        ("a1:s001", "cmq:conveys", "a1:u01"),
        ("a1:s001a", "cmq:conveys", "a1:u01"),
        ("actor:freedonia", "rdf:type", "cmq:Actor"),
    ],
    ids=["chain", "subproperty", "two steps of subproperty", "chain of chain", "sub", "subclass"],
)
def test_what_follows_is_inferred(
    inferred: set[tuple[str, str, str]], triple: tuple[str, str, str]
) -> None:
    assert triple in inferred


def test_a_symmetric_property_holds_both_ways(project: Path) -> None:
    (project / "data" / "curated.ttl").write_text(
        f"<urn:a> <{_CMQ}counterpartOf> <urn:b> . <urn:b> <{_CMQ}counterpartOf> <urn:a> ."
        f" <urn:c> <{_CMQ}counterpartOf> <urn:b> ."
    )
    found = _names(inference.inferred(dataset.load(project, infer=False)))

    assert {t for t in found if t[1] == "cmq:counterpartOf"} == {
        ("<urn:b>", "cmq:counterpartOf", "<urn:c>")
    }


def test_what_follows_about_a_property_is_followed_in_turn(project: Path) -> None:
    (project / "data" / "curated.ttl").write_text(
        "<urn:Mutual> <http://www.w3.org/2000/01/rdf-schema#subClassOf>"
        " <http://www.w3.org/2002/07/owl#SymmetricProperty> ."
        f" <{_CMQ}beside> a <urn:Mutual> . <urn:a> <{_CMQ}beside> <urn:b> ."
    )
    found = _names(inference.inferred(dataset.load(project, infer=False)))

    assert ("<urn:b>", "cmq:beside", "<urn:a>") in found


def test_a_class_without_a_name_stands_for_no_other(project: Path) -> None:
    (project / "data" / "curated.ttl").write_text(
        f"[] <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{_CMQ}Agreement> ."
        " <urn:a> a <urn:Other> ."
    )
    found = _names(inference.inferred(dataset.load(project, infer=False)))

    assert not {t for t in found if t[2] == "cmq:Agreement"}


def test_no_content_moves_to_another_voice(inferred: set[tuple[str, str, str]]) -> None:
    assert not {t for t in inferred if t[1] in {"cmq:content", "cmq:voice", "cmq:force"}}


def test_nothing_asserted_is_inferred_again(project: Path) -> None:
    store = dataset.load(project, infer=False)
    asserted = {(q.subject, q.predicate, q.object) for q in store}

    assert not [
        q for q in inference.inferred(store) if (q.subject, q.predicate, q.object) in asserted
    ]


def test_inferring_twice_adds_nothing(project: Path) -> None:
    store = dataset.load(project)
    before = len(store)
    inference.add_inferred(store)

    assert len(store) == before


@pytest.mark.parametrize(
    "told",
    [
        "cmq:p rdfs:domain ex:C . ex:C rdfs:subClassOf cmq:D . ex:a cmq:p ex:b .",
        "ex:p rdfs:subPropertyOf ex:q . ex:q rdfs:subPropertyOf cmq:r . ex:a ex:p ex:b .",
        "ex:p rdfs:range cmq:D . ex:a ex:p ex:b , 'text' .",
        "rdf:type rdfs:subPropertyOf cmq:kind . ex:C rdfs:subClassOf ex:D . ex:a a ex:C .",
        "_:c rdfs:subClassOf cmq:D . ex:a a _:c .",
        "ex:t rdfs:subPropertyOf rdf:type . cmq:C rdfs:subClassOf cmq:D . ex:a ex:t cmq:C .",
        "ex:is rdfs:subPropertyOf rdfs:subClassOf . ex:C ex:is cmq:D . ex:a a ex:C .",
        "cmq:p a owl:SymmetricProperty . ex:a cmq:p ex:b , 'text' .",
        "cmq:p a owl:TransitiveProperty . ex:a cmq:p ex:b . ex:b cmq:p ex:c . ex:c cmq:p ex:a .",
        "cmq:r owl:propertyChainAxiom ( ex:p ex:q ) . ex:a ex:p [ ex:q ex:b ] .",
        "ex:p rdfs:domain cmq:D . cmq:q rdfs:domain cmq:D . _:x ex:p ex:a . ex:b cmq:q _:x .",
    ],
    ids=[
        "a foreign class between",
        "a foreign property between",
        "a range",
        "a property of what has a class",
        "a class without a name",
        "another word for a class",
        "another word for a rule",
        "both ways",
        "a circle",
        "a chain over what has no name",
        "things without a name",
    ],
)
def test_what_follows_agrees_with_the_full_closure(told: str) -> None:
    heads = "".join(f"PREFIX {name}: <{PREFIXES[name]}> " for name in ("cmq", "rdf", "rdfs", "owl"))
    store = Store()
    store.load(
        f"{heads} PREFIX ex: <urn:x:> {told}",
        format=RdfFormat.TURTLE,
        to_graph=dataset.graph_iri("told"),
    )

    full = {t for t in _full_closure(store) if t[0].startswith(("<urn:x:", "cmq:C"))}
    assert _names(inference.inferred(store)) == full != set()


@pytest.mark.parametrize(
    "links",
    [
        "_:l . _:l rdf:first ex:p ; rdf:rest _:l",
        "( [ owl:inverseOf ex:p ] ex:p )",
        "( 'text' )",
        "()",
    ],
)
def test_what_is_no_chain_of_properties_derives_nothing(links: str) -> None:
    heads = "".join(f"PREFIX {name}: <{PREFIXES[name]}> " for name in ("cmq", "rdf", "owl"))
    told = f"cmq:r owl:propertyChainAxiom {links} . ex:a ex:p ex:b . ex:b ex:p ex:c ."
    store = Store()
    store.load(
        f"{heads} PREFIX ex: <urn:x:> {told}",
        format=RdfFormat.TURTLE,
        to_graph=dataset.graph_iri("told"),
    )

    assert not {t for t in _names(inference.inferred(store)) if t[1] == "cmq:r"} - {
        ("<urn:x:a>", "cmq:r", "<urn:x:b>"),
        ("<urn:x:b>", "cmq:r", "<urn:x:c>"),
    }


def _full_closure(store: Store) -> set[tuple[str, str, str]]:
    """Return what owlrl derives, by the same measure of what is kept."""
    everything = dataset.union(store).quads_for_pattern(None, None, None, DefaultGraph())
    lines = "".join(f"{quad.triple} .\n" for quad in everything)
    graph = rdflib.Graph().parse(data=lines, format="nt")
    asserted = set(graph)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    return {
        (shrink(str(s)), shrink(str(p)), shrink(str(o)))
        for s, p, o in set(graph) - asserted
        if isinstance(s, rdflib.URIRef) and s != o
        if str(o if p == rdflib.RDF.type else p).startswith(_CMQ)
    }


def test_the_tiny_project_agrees_with_the_full_closure(project: Path) -> None:
    store = dataset.load(project, infer=False)

    assert _names(inference.inferred(store)) == _full_closure(store)


def test_the_dataset_agrees_with_the_full_closure(checkout: Path) -> None:
    store = dataset.load(checkout, infer=False)

    assert _names(inference.inferred(store)) == _full_closure(store)
