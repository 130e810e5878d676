"""Reasoning over the ontology: what must clash, what must follow, what must never follow."""

from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest
from owlrl.OWLRL import OWLRL_Semantics  # type: ignore[import-untyped]
from rdflib import OWL, RDF, RDFS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.query import ResultRow
from rdflib.term import Node

from communique.dataset import turtle_files
from communique.namespaces import PREFIXES

ROOT = Path(__file__).parents[1]
ACCORD = ROOT / "tests" / "ontology" / "harbour-accord.ttl"
CMQ = Namespace(PREFIXES["cmq"])
ACTOR = Namespace(PREFIXES["actor"])
A9 = Namespace(PREFIXES["actor"].removesuffix("actor/") + "a9/")
ONTOLOGY = URIRef(str(CMQ).removesuffix("#"))

# What is added to a consistent story, and the words of the clash that must follow.
NEGATIVE = [
    ("a promise typed as an event", "a9:u01 a cmq:Event", "Event Undertaking"),
    ("an undertaking that is a situation", "a9:u01 a cmq:Assessment", "Situation Undertaking"),
    ("an undertaking with an agent", "a9:u01 cmq:agent actor:lind", "Event Undertaking"),
    ("an agreement that is an event", "a9:g01 a cmq:Negotiation", "Agreement Event"),
    ("an agreement that somebody must perform", "a9:g01 cmq:obligor actor:lind", "Agreement"),
    ("an event that is a situation", "a9:v01 a cmq:Situation", "Event Situation"),
    ("a statement that relays itself", "a9:s03 cmq:relays a9:s03", "irreflexive relays"),
    (
        "two statements that relay each other",
        "a9:s01b cmq:relays a9:s01a",
        "asymmetric relays",
    ),
    ("a statement that responds to itself", "a9:s03 cmq:respondsTo a9:s03", "respondsTo"),
    ("two statements that answer each other", "a9:s02a cmq:respondsTo a9:s01b", "respondsTo"),
    ("a statement that is its own ground", "a9:s03 cmq:ground a9:s03", "irreflexive ground"),
    (
        "an event that fulfils and breaches one promise",
        "a9:v02 cmq:breaches a9:u01",
        "fulfils breaches",
    ),
    ("a time before and after one event", "a9:t01 cmq:before a9:v02", "after before"),
    ("a time that is its own anchor", "a9:t02 cmq:anchor a9:t02", "anchor"),
    ("two times that anchor each other", "a9:t02 cmq:anchor a9:t01", "anchor"),
    ("a person as a state", "actor:lind a cmq:State", "Individual State"),
    ("a person as an organ", "actor:lind cmq:organOf actor:norvia", "Individual Organ"),
    ("a collective as a state", "actor:skippers a cmq:State", "Collective State"),
    ("a state as an organ", "actor:norvia a cmq:Organ", "Organ State"),
    (
        "an organ of itself",
        "actor:norvian-chancellery cmq:organOf actor:norvian-chancellery",
        "organOf",
    ),
    (
        "two organs of each other",
        "actor:norvian-chancellery cmq:organOf actor:norvian-press-office",
        "asymmetric organOf",
    ),
    (
        "an organ as the content of a statement",
        "a9:s03 cmq:content actor:norvian-chancellery",
        "Actor Matter",
    ),
    ("a statement as content", "a9:s03 cmq:content a9:s01", "Matter Statement"),
    ("a matter that is relayed", "a9:s03 cmq:relays a9:u01", "Matter Statement"),
    ("an actor that is a matter", "actor:norvia a cmq:Situation", "Actor Matter"),
    ("a place that speaks", "a9:s03 cmq:voice place:grey-sound", "Actor Place"),
    ("an actor where things happen", "a9:v01 cmq:inPlace actor:norvia", "Actor Place"),
    ("a platform that speaks", "a9:s03 cmq:voice a9:platform", "Actor Channel"),
    ("a span that is a passage", "span:00000000-0-60 cmq:canonicalLength 40", "Passage Span"),
    ("a source document that is an account", "a9:source a cmq:Account", "Account SourceDocument"),
    (
        "a platform that is a source document",
        "a9:copy cmq:copyOf a9:platform",
        "Platform SourceDocument",
    ),
    ("a copy that is the work", "a9:copy a cmq:SourceDocument", "Channel DigestState"),
    ("a matter that is its own counterpart", "a9:u01 cmq:counterpartOf a9:u01", "counterpartOf"),
    ("a finding that is a statement", "a9:f01 cmq:force cmqv:assert", "Finding Statement"),
    ("a concept that speaks", "a9:s03 cmq:voice cmqv:assert", "Actor Concept"),
    ("a concept as content", "a9:s03 cmq:content cmqv:assert", "Concept Matter"),
    ("a post that speaks", "a9:s03 cmq:voice a9:chair . a9:chair a org:Post", "Actor Post"),
    ("a quantity that is a time", "a9:q01 cmq:anchor a9:t02", "Quantity TimeReference"),
]


CLASHING = [
    (None, OWL.disjointWith, None),
    (None, OWL.propertyDisjointWith, None),
    (None, RDF.type, OWL.AsymmetricProperty),
    (None, RDF.type, OWL.IrreflexiveProperty),
]


def read(*paths: Path) -> Graph:
    """Return the union of some Turtle files."""
    graph = Graph()
    for path in paths:
        graph.parse(path)
    return graph


def turtle(text: str) -> Graph:
    """Return the graph of a few triples in the project's prefixes."""
    names = {**PREFIXES, "a9": str(A9)}
    prefixes = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in names.items())
    return Graph().parse(data=f"{prefixes}{text} .", format="turtle")


def close(graph: Graph) -> list[str]:
    """Add to a graph all that OWL 2 RL entails, and return the clashes found."""
    reasoner = OWLRL_Semantics(graph, False, False, False)  # noqa: FBT003 # its signature
    reasoner.closure()
    return [str(message) for message in reasoner.error_messages]


@pytest.fixture(scope="module")
def terms() -> Graph:
    return read(ROOT / "ontology" / "communique.ttl", ROOT / "ontology" / "concepts.ttl")


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return read(ROOT / "ontology" / "communique.ttl")


@pytest.fixture(scope="module")
def data() -> Graph:
    return read(*turtle_files(ROOT / "data"))


@pytest.fixture(scope="module")
def accord(ontology: Graph) -> Graph:
    """Return the ontology and a small consistent story, with all that follows from them."""
    graph = logic(ontology) + read(ACCORD)
    assert close(graph) == []
    return graph


def logic(graph: Graph) -> Graph:
    """Return an ontology without its annotations, of which nothing follows."""
    kept = graph + Graph()
    for note in declared(graph, OWL.AnnotationProperty) | BUILT_IN_ANNOTATIONS:
        kept.remove((None, note, None))
    return kept


@pytest.fixture(scope="module")
def everything(terms: Graph, data: Graph) -> tuple[Graph, Graph, list[str]]:
    """Return ontology, concepts and data: as asserted, as closed, and the clashes."""
    asserted = terms + data
    closed = asserted + Graph()
    return asserted, closed, close(closed)


# Consistency


def test_ontology_concepts_and_data_do_not_clash(
    everything: tuple[Graph, Graph, list[str]],
) -> None:
    assert everything[2] == []


@pytest.mark.parametrize(
    ("triples", "said"), [case[1:] for case in NEGATIVE], ids=[case[0] for case in NEGATIVE]
)
def test_nonsense_clashes(accord: Graph, triples: str, said: str) -> None:
    found = close(accord + turtle(triples))

    assert any(all(word.lower() in m.lower() for word in said.split()) for m in found), found


def test_nonsense_clashes_by_these_axioms_alone(ontology: Graph) -> None:
    weakened = ontology + read(ACCORD)
    for pattern in CLASHING:
        weakened.remove(pattern)

    assert close(weakened + turtle(" . ".join(triples for _, triples, _ in NEGATIVE))) == []


def test_every_class_can_have_a_member(ontology: Graph) -> None:
    members = Graph()
    for number, name in enumerate(declared(ontology, OWL.Class)):
        members.add((A9[f"member-{number}"], RDF.type, name))

    assert close(ontology + members) == []


def test_every_property_can_be_used(ontology: Graph) -> None:
    uses = Graph()
    for number, name in enumerate(declared(ontology, OWL.ObjectProperty)):
        uses.add((A9[f"subject-{number}"], name, A9[f"object-{number}"]))

    assert close(ontology + uses) == []


def test_each_restricted_property_has_a_negative_test(ontology: Graph) -> None:
    restricted = set(ontology.subjects(RDF.type, OWL.AsymmetricProperty))
    restricted |= set(ontology.subjects(RDF.type, OWL.IrreflexiveProperty))
    restricted |= set(ontology.subjects(OWL.propertyDisjointWith))
    tested = " ".join(f"{triples} {said}" for _, triples, said in NEGATIVE)

    assert all(pattern in ontology for pattern in CLASHING)
    assert [name for name in restricted if str(name).removeprefix(CMQ) not in tested] == []


# What follows


FOLLOWS = [
    ("an act of office is on behalf of the organ that has the post",
     "a9:s01b cmq:onBehalfOf actor:norvian-chancellery"),
    ("and of the state whose organ it is", "a9:s01b cmq:onBehalfOf actor:norvia"),
    ("an organ speaks on behalf of what it is an organ of",
     "a9:s01a cmq:onBehalfOf actor:norvian-chancellery"),
    ("and on behalf of the state behind it", "a9:s01a cmq:onBehalfOf actor:norvia"),
    ("a statement conveys its content", "a9:s01b cmq:conveys a9:u01"),
    ("a report conveys what it relays", "a9:s01 cmq:conveys a9:s01a"),
    ("a report of a report relays what lies inside", "a9:s01 cmq:relaysDeep a9:s01b"),
    ("and conveys it", "a9:s01 cmq:conveys a9:s01b"),
    ("and conveys the matter at the bottom", "a9:s01 cmq:conveys a9:u01"),
    ("an agent takes part", "a9:v01 cmq:participant actor:lind"),
    ("a counterpart has a counterpart", "a9:u02 cmq:counterpartOf a9:u01"),
    ("a call is a matter", "a9:v01 a cmq:Matter"),
    ("an organ is an agent", "actor:norvian-chancellery a prov:Agent"),
]  # fmt: skip
NEVER = [
    ("a person speaks for a state without an office", "a9:s03 cmq:onBehalfOf actor:norvia"),
    ("a reporter speaks for those reported", "a9:s01 cmq:onBehalfOf actor:norvia"),
    ("the content of a relayed statement becomes the reporter's own",
     "a9:s01 cmq:content a9:u01"),
    ("a depth becomes a single step", "a9:s01 cmq:relays a9:s01b"),
    ("an undertaking becomes an event", "a9:u01 a cmq:Event"),
    ("who accepts becomes the obligor", "a9:u01 cmq:obligor actor:lind"),
    ("the state of who accepts becomes the obligor", "a9:u01 cmq:obligor actor:norvia"),
    ("an event meant to carry out a promise fulfils it", "a9:v01 cmq:fulfils a9:u01"),
    ("a counterpart inherits an obligor", "a9:u02 cmq:obligor actor:estmark"),
    ("talks about a return are a return", "a9:u03 cmq:action cmqv:hand-over"),
    ("a place meant literally is an actor", "place:grey-sound a cmq:Actor"),
    ("an obligor takes part in what it must do", "a9:u01 cmq:participant actor:estmark"),
]  # fmt: skip


@pytest.mark.parametrize("triple", [t for _, t in FOLLOWS], ids=[name for name, _ in FOLLOWS])
def test_follows(accord: Graph, triple: str) -> None:
    assert set(turtle(triple)) <= set(accord)


@pytest.mark.parametrize("triple", [t for _, t in NEVER], ids=[name for name, _ in NEVER])
def test_never_follows(accord: Graph, triple: str) -> None:
    assert not set(turtle(triple)) & set(accord)


def select(graph: Graph, query: str) -> list[tuple[Node | None, ...]]:
    """Return the rows of a query."""
    rows = graph.query(query, initNs=PREFIXES)
    return [tuple(row) for row in rows if isinstance(row, ResultRow)]


def on_behalf(graph: Graph, asking: str) -> set[str]:
    """Return on whose behalf the statements are that a pattern asks for, "" for nobody's."""
    rows = select(graph, f"SELECT ?s ?w WHERE {{ {asking} OPTIONAL {{ ?s cmq:onBehalfOf ?w }} }}")
    return {named(whom) for _, whom in rows}


def named(term: Node | None) -> str:
    """Return the last part of an IRI, or nothing if there is none."""
    return str(term or "").rsplit("/", 1)[-1]


def test_the_president_accepts_on_behalf_of_his_state(
    everything: tuple[Graph, Graph, list[str]],
) -> None:
    accepted = """?s cmq:voice actor:vladimir-putin ; cmq:force cmqv:accept ;
      cmq:inCapacity post:president-of-russia ."""

    assert on_behalf(everything[1], accepted) == {"russia"}


def test_a_spokesman_speaks_for_the_kremlin_and_through_it_for_the_state(
    everything: tuple[Graph, Graph, list[str]],
) -> None:
    announced = "?s cmq:inCapacity post:kremlin-spokesman ."

    assert on_behalf(everything[1], announced) == {"kremlin", "russia"}


@pytest.mark.parametrize(
    ("voice", "whom"),
    [
        ("kremlin", "russia"),
        ("russian-government", "russia"),
        ("white-house", "united-states"),
        ("narrator-1", ""),
        ("ukrainian-media", ""),
    ],
)
def test_a_lone_voice_speaks_for(
    everything: tuple[Graph, Graph, list[str]], voice: str, whom: str
) -> None:
    said = f"""?s cmq:voice actor:{voice} .
      FILTER NOT EXISTS {{ ?s cmq:voice ?other FILTER(?other != actor:{voice}) }}
      FILTER NOT EXISTS {{ ?s cmq:inCapacity ?post }}"""

    assert on_behalf(everything[1], said) == {whom}


def test_nobody_in_particular_speaks_for_a_state_without_an_office(
    everything: tuple[Graph, Graph, list[str]],
) -> None:
    private = """?s cmq:voice ?v . ?v a cmq:Individual .
      FILTER NOT EXISTS { ?s cmq:voice/cmq:organOf ?o } FILTER NOT EXISTS { ?s cmq:inCapacity ?p }
    """

    assert on_behalf(everything[1], private) == {""}


def test_every_report_conveys_each_matter_below_it_and_no_other(
    everything: tuple[Graph, Graph, list[str]],
) -> None:
    asserted, closed, _ = everything
    below = set(select(asserted, "SELECT ?s ?m WHERE { ?s cmq:relays*/cmq:content ?m }"))
    matters = set(closed.subjects(RDF.type, CMQ.Matter))

    assert len(below) > 50
    assert {(s, m) for s, m in closed.subject_objects(CMQ.conveys) if m in matters} == below


def test_inference_adds_only_who_speaks_for_whom_and_what_is_said_inside_what(
    everything: tuple[Graph, Graph, list[str]],
) -> None:
    asserted, closed, _ = everything
    new = {p for s, p, o in closed if str(p).startswith(CMQ) and (s, p, o) not in asserted}

    assert new <= {CMQ[name] for name in ("onBehalfOf", "conveys", "relaysDeep", "participant")} | {
        CMQ.counterpartOf
    }


def test_inference_never_changes_what_kind_of_matter_a_thing_is(
    everything: tuple[Graph, Graph, list[str]],
) -> None:
    asserted, closed, _ = everything
    kinds = [CMQ.Agreement, CMQ.Event, CMQ.Situation, CMQ.Undertaking]
    said = {(thing, kind) for kind in kinds for thing in instances(asserted, kind)}
    found = {(s, kind) for kind in kinds for s in closed.subjects(RDF.type, kind)}

    assert said
    assert found == said


def instances(graph: Graph, kind: URIRef) -> Iterator[Node]:
    """Yield what is said to be of a class or of one below it."""
    for below in graph.transitive_subjects(RDFS.subClassOf, kind):
        yield from graph.subjects(RDF.type, below)


# The profile: OWL 2 RL within OWL 2 DL, checked by its syntax

DECLARATIONS = {
    OWL.AnnotationProperty,
    OWL.Class,
    OWL.DatatypeProperty,
    OWL.ObjectProperty,
    OWL.Ontology,
    RDFS.Datatype,
}
CHARACTERISTICS = {
    OWL.AsymmetricProperty,
    OWL.IrreflexiveProperty,
    OWL.SymmetricProperty,
    OWL.TransitiveProperty,
}
BETWEEN_CLASSES = {RDFS.subClassOf, OWL.disjointWith}
BETWEEN_PROPERTIES = {RDFS.subPropertyOf, OWL.propertyDisjointWith}
BUILT_IN_ANNOTATIONS = {
    OWL.deprecated,
    OWL.versionInfo,
    RDFS.comment,
    RDFS.isDefinedBy,
    RDFS.label,
    RDFS.seeAlso,
}
# Datatypes of the OWL 2 datatype map; xsd:date and xsd:dayTimeDuration are not in it.
RL_DATATYPES = {XSD.boolean, XSD.decimal, XSD.hexBinary, XSD.nonNegativeInteger}


def declared(graph: Graph, *kinds: URIRef) -> set[Node]:
    """Return the terms that a graph declares to be of one of these kinds."""
    return {term for kind in kinds for term in graph.subjects(RDF.type, kind)}


def chains(graph: Graph) -> Iterator[tuple[Node, list[Node]]]:
    """Yield each property with each chain that implies it."""
    for whole, head in graph.subject_objects(OWL.propertyChainAxiom):
        yield whole, list(Collection(graph, head))


def composite(graph: Graph) -> set[Node]:
    """Return the properties that are not simple: OWL 2 DL restricts what may be said of them."""
    roots = declared(graph, OWL.TransitiveProperty) | {whole for whole, _ in chains(graph)}
    found = [graph.transitive_objects(root, RDFS.subPropertyOf) for root in roots]
    return {above for above in chain.from_iterable(found) if above is not None}


def test_types_are_declarations_or_allowed_characteristics(ontology: Graph) -> None:
    assert set(ontology.objects(None, RDF.type)) <= DECLARATIONS | CHARACTERISTICS


def test_every_axiom_has_a_form_that_the_profile_allows(ontology: Graph) -> None:
    assert [t for t in ontology if not allowed(ontology, t)] == []


def allowed(graph: Graph, triple: tuple[Node, Node, Node]) -> bool:
    """Tell whether a triple is a declaration, an annotation or an axiom between named terms."""
    subject, predicate, value = triple
    classes, objects = declared(graph, OWL.Class), declared(graph, OWL.ObjectProperty)
    values = declared(graph, OWL.DatatypeProperty)
    annotations = declared(graph, OWL.AnnotationProperty) | BUILT_IN_ANNOTATIONS
    return (
        predicate == RDF.type
        or predicate in annotations
        or (predicate in BETWEEN_CLASSES and {subject, value} <= classes)
        or (predicate in BETWEEN_PROPERTIES and {subject, value} <= objects)
        or (predicate in {RDFS.domain, RDFS.range} and subject in objects and value in classes)
        or (predicate == RDFS.domain and subject in values and value in classes)
        or (predicate == RDFS.range and subject in values and value in RL_DATATYPES)
        or (predicate == OWL.propertyChainAxiom and subject in objects)
        or (predicate == OWL.versionIRI and (subject, RDF.type, OWL.Ontology) in graph)
        or predicate in {RDF.first, RDF.rest}
    )


def test_chains_are_of_at_least_two_declared_object_properties(ontology: Graph) -> None:
    objects = declared(ontology, OWL.ObjectProperty)

    assert all(len(links) > 1 and set(links) <= objects for _, links in chains(ontology))


def test_lists_occur_only_in_chains(ontology: Graph) -> None:
    cells = set(ontology.subjects(RDF.first))
    heads = set(ontology.objects(None, OWL.propertyChainAxiom))
    used = {cell for head in heads for cell in ontology.transitive_objects(head, RDF.rest)}

    assert cells == used - {RDF.nil}


def test_only_simple_properties_have_restricted_characteristics(ontology: Graph) -> None:
    restricted = declared(ontology, OWL.AsymmetricProperty, OWL.IrreflexiveProperty)
    for pair in ontology.subject_objects(OWL.propertyDisjointWith):
        restricted.update(pair)

    assert composite(ontology) >= {CMQ.relaysDeep, CMQ.conveys, CMQ.onBehalfOf}
    assert restricted & composite(ontology) == set()


def test_chains_are_regular(ontology: Graph) -> None:
    order: dict[Node, set[Node]] = {}
    for below, above in ontology.subject_objects(RDFS.subPropertyOf):
        order.setdefault(above, set()).add(below)
    for whole, links in chains(ontology):
        inner = links[1:] if links[0] == whole else links[:-1] if links[-1] == whole else links
        order.setdefault(whole, set()).update(inner)

    assert tuple(TopologicalSorter(order).static_order())


def test_a_property_is_of_one_kind(ontology: Graph) -> None:
    kinds = [
        declared(ontology, kind)
        for kind in (OWL.AnnotationProperty, OWL.DatatypeProperty, OWL.ObjectProperty)
    ]

    assert sum(map(len, kinds)) == len(set().union(*kinds))


def test_no_name_is_both_class_and_datatype_or_class_and_property(ontology: Graph) -> None:
    properties = declared(
        ontology, OWL.AnnotationProperty, OWL.DatatypeProperty, OWL.ObjectProperty
    )
    classes, datatypes = declared(ontology, OWL.Class), declared(ontology, RDFS.Datatype)

    assert classes & datatypes == classes & properties == datatypes & properties == set()


def test_of_foreign_terms_nothing_is_said_but_their_type(ontology: Graph) -> None:
    ours = (str(CMQ), str(ONTOLOGY))
    foreign = {
        (s, p) for s, p in ontology.subject_predicates()
        if isinstance(s, URIRef) and not str(s).startswith(ours)
    }  # fmt: skip

    assert foreign
    assert {p for _, p in foreign} == {RDF.type}


def test_nothing_is_imported(terms: Graph, data: Graph) -> None:
    assert (None, OWL.imports, None) not in terms + data


# What the dataset uses is declared

LANGUAGE = tuple(PREFIXES[name] for name in ("rdf", "rdfs", "owl"))


def undeclared(used: Iterable[Node], known: set[Node]) -> list[str]:
    """List the terms that are neither declared nor part of the language itself."""
    return sorted(
        {str(term) for term in used if term not in known and not str(term).startswith(LANGUAGE)}
    )


def test_every_property_used_is_declared(terms: Graph, data: Graph, ontology: Graph) -> None:
    known = declared(ontology, OWL.AnnotationProperty, OWL.DatatypeProperty, OWL.ObjectProperty)

    assert undeclared((terms + data).predicates(), known) == []


def test_every_class_used_is_declared(terms: Graph, data: Graph, ontology: Graph) -> None:
    known = declared(ontology, OWL.Class)

    assert undeclared((terms + data).objects(None, RDF.type), known) == []


def test_every_own_term_used_in_the_story_is_declared(ontology: Graph) -> None:
    story = read(ACCORD)
    used = {*story.predicates(), *story.objects(None, RDF.type)}

    assert [t for t in used if str(t).startswith(CMQ) and (t, RDF.type, None) not in ontology] == []


def test_properties_take_the_kind_of_value_that_they_are_declared_for(
    terms: Graph, data: Graph, ontology: Graph
) -> None:
    takes_things = declared(ontology, OWL.ObjectProperty)
    takes_values = declared(ontology, OWL.DatatypeProperty)
    wrong = [
        (s, p, o)
        for s, p, o in terms + data
        if (p in takes_things and isinstance(o, Literal))
        or (p in takes_values and not isinstance(o, Literal))
    ]

    assert wrong == []
