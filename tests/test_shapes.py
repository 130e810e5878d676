"""Every rule of the shapes fires where it is broken, and nowhere else."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, RDFS, SDO, BNode, Graph, Literal, Namespace, Node, URIRef
from rdflib.collection import Collection

from communique.reference import ParsingOnce

SH = Namespace("http://www.w3.org/ns/shacl#")
SHAPE = Namespace("https://w3id.org/communique/shape/")
CMQ = Namespace("https://w3id.org/communique/ns#")
OWL = Namespace("http://www.w3.org/2002/07/owl#")

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "shapes"
VALID = sorted(FIXTURES.glob("*.valid.ttl"))
INVALID = sorted(FIXTURES.glob("*.invalid.ttl"))

ABOUT_A_SHAPE = {  # what describes a shape, aims it or belongs to another of its parameters
    RDF.type,
    SH.flags,
    SH.ignoredProperties,
    SH.message,
    SH.path,
    SH.property,
    SH.qualifiedValueShape,
    SH.severity,
    SH.targetClass,
    SH.targetObjectsOf,
    SH.targetSubjectsOf,
}
CONDITIONS = (SH["and"], SH["not"], SH["or"], SH.xone, SH.node, SH.qualifiedValueShape)

Pair = tuple[str, str]


def read(*paths: Path) -> Graph:
    graph = Graph(bind_namespaces="none")
    for path in paths:
        graph.parse(path, format="turtle")
    return graph


@cache
def shapes() -> Graph:
    return read(*sorted((ROOT / "shapes").glob("*.ttl")))


@cache
def vocabulary() -> Graph:
    return read(ROOT / "ontology" / "communique.ttl", ROOT / "ontology" / "concepts.ttl")


@cache
def world(path: Path) -> Graph:
    """Read a fixture, and rename what it describes, so that many fixtures fit into one graph."""
    graph = read(path)
    name = path.stem.removesuffix(".invalid")
    base = re.compile(r"^(https://w3id\.org/communique/(?:id/|ns#|vocab/))")
    renamed: dict[Node, Node] = {
        subject: URIRef(base.sub(rf"\1{name}/", subject))
        for subject in graph.subjects()
        if isinstance(subject, URIRef)
    }
    fresh = Graph(bind_namespaces="none")
    for s, p, o in graph:
        fresh.add((renamed.get(s, s), p, renamed.get(o, unshared(p, o, path))))
    return fresh


def unshared(predicate: Node, value: Node, path: Path) -> Node:
    """Rename an identifier or a code of ISO, which no two things share, by its fixture."""
    number = (*VALID, *INVALID).index(path)
    if predicate == SDO.sameAs and isinstance(value, URIRef):
        return URIRef(f"{value}{number:04}")
    if isinstance(value, Literal) and str(value.datatype).startswith(CMQ.ISO3166):
        return Literal(f"{value}-{number}", datatype=value.datatype)
    return value


@cache
def owners() -> dict[Node, Path]:
    """Say which fixture describes a thing."""
    return {s: path for path in (*VALID, *INVALID) for s in world(path).subjects(unique=True)}


@cache
def found() -> dict[Path | None, set[Pair]]:
    """Validate all fixtures at once: which shape found what, by fixture."""
    data = ParsingOnce()
    for part in (vocabulary(), read(FIXTURES / "context.ttl"), *map(world, (*VALID, *INVALID))):
        data += part
    _, report, _ = pyshacl.validate(
        data, shacl_graph=shapes(), inplace=True, advanced=False, allow_warnings=True
    )
    pairs: dict[Path | None, set[Pair]] = defaultdict(set)
    for result in report.objects(None, SH.result):
        focus = report.value(result, SH.focusNode)
        shape = report.value(result, SH.sourceShape)
        component = report.value(result, SH.sourceConstraintComponent)
        pairs[owners().get(focus)].add((local(shape), local(component)))
    return pairs


def own(kind: Node) -> set[Node]:
    """List the terms of this vocabulary that are of a kind."""
    return {t for t in vocabulary().subjects(RDF.type, kind) if str(t).startswith(str(CMQ))}


def local(node: object) -> str:
    return str(node).removeprefix(str(SHAPE)).removeprefix(str(SH))


def stated(graph: Graph) -> set[Pair]:
    """Derive what can fire: each shape that reports, with each constraint that it states."""
    return {
        (local(shape), component(predicate))
        for shape in reporting(graph)
        for predicate in graph.predicates(shape, unique=True)
        if predicate not in ABOUT_A_SHAPE
    }


def component(predicate: Node) -> str:
    """Name the component that a constraint's predicate belongs to; of a misspelt one, none."""
    name = local(predicate)
    if predicate == SH.sparql:
        return "SPARQLConstraintComponent"
    return f"{name[0].upper()}{name[1:]}ConstraintComponent"


def reporting(graph: Graph) -> set[Node]:
    """List the shapes that have a target, and the property shapes that these hold."""
    aimed = {
        shape
        for predicate in (SH.targetClass, SH.targetObjectsOf, SH.targetSubjectsOf)
        for shape in graph.subjects(predicate)
    }
    return aimed | {held for shape in aimed for held in graph.objects(shape, SH.property)}


def conditions(graph: Graph) -> set[Node]:
    """List the shapes that never report, because another one asks them."""
    return all_shapes(graph) - reporting(graph)


def all_shapes(graph: Graph) -> set[Node]:
    return {*graph.subjects(RDF.type, SH.NodeShape), *graph.subjects(RDF.type, SH.PropertyShape)}


def asked(graph: Graph, shape: Node) -> Iterator[Node]:
    for predicate in CONDITIONS:
        for value in graph.objects(shape, predicate):
            yield from Collection(graph, value) if (value, RDF.first, None) in graph else [value]


def fired() -> set[Pair]:
    return {pair for path in INVALID for pair in found()[path]}


def named(paths: Iterable[Path]) -> list[str]:
    return [path.name for path in paths]


@pytest.mark.parametrize("path", INVALID, ids=named(INVALID))
def test_a_fault_is_found_by_the_shape_in_the_name_of_its_file(path: Path) -> None:
    assert {shape for shape, _ in found()[path]} == {path.name.split(".")[0]}


@pytest.mark.parametrize("path", VALID, ids=named(VALID))
def test_nothing_is_found_in_a_valid_file(path: Path) -> None:
    assert found()[path] == set()


def test_nothing_is_found_in_the_vocabulary_or_in_what_the_fixtures_share() -> None:
    assert found()[None] == set()


def test_no_two_fixtures_describe_the_same_thing() -> None:
    sizes = [len(set(world(path).subjects())) for path in (*VALID, *INVALID)]
    assert len(owners()) == sum(sizes)


def test_every_constraint_that_a_shape_states_has_fired() -> None:
    assert sorted(stated(shapes()) - fired()) == []


def test_a_misspelt_constraint_is_one_that_has_not_fired() -> None:
    graph = Graph() + shapes()
    graph.add((SHAPE["Statement-force"], SH.maxCuont, Literal(1)))
    assert stated(graph) - fired() == {("Statement-force", "MaxCuontConstraintComponent")}


def test_a_constraint_without_its_fixture_is_named() -> None:
    gone = FIXTURES / "Statement-relays-cycle.itself.invalid.ttl"
    other = FIXTURES / "Statement-relays-cycle.through-another.invalid.ttl"
    kept = {pair for path in INVALID if path not in {gone, other} for pair in found()[path]}
    lacking = {("Statement-relays-cycle", "SPARQLConstraintComponent")}
    assert stated(shapes()) - kept == lacking


def test_a_condition_states_one_thing_so_that_its_use_proves_it() -> None:
    graph = shapes()
    several = {
        local(shape): len(terms)
        for shape in conditions(graph)
        if len(terms := {*graph.predicates(shape)} - (ABOUT_A_SHAPE - {SH.property})) != 1
    }
    assert several == {}


def test_every_condition_is_asked_by_a_shape() -> None:
    graph = shapes()
    used = {inner for shape in all_shapes(graph) for inner in asked(graph, shape)}
    held = {inner for shape in used for inner in graph.objects(shape, SH.property)}
    assert conditions(graph) - used - held == set()


def test_every_shape_has_one_message_and_a_severity() -> None:
    graph = shapes()
    said = {
        shape: (len(set(graph.objects(shape, SH.message))), graph.value(shape, SH.severity))
        for shape in all_shapes(graph)
    }
    allowed = {(1, SH.Violation), (1, SH.Warning)}
    assert {local(shape): what for shape, what in said.items() if what not in allowed} == {}


def test_every_message_is_one_plain_sentence_in_english() -> None:
    sentence = re.compile(r"(A|An|No|The|What) [^.]*\.")
    messages = {m for m in shapes().objects(None, SH.message) if isinstance(m, Literal)}
    plain = {m for m in messages if sentence.fullmatch(m) and m.language == "en"}
    assert messages - plain == set()
    assert {m for m in messages if re.search(r"\b(must|should|error|node|literal)\b", m)} == set()


def test_a_property_shape_is_named_for_its_class_and_property() -> None:
    names = {local(shape) for shape in shapes().subjects(RDF.type, SH.PropertyShape)}
    pattern = re.compile(r"[A-Z][A-Za-z]*(-[a-z][A-Za-z0-9]*){1,2}")
    assert sorted(name for name in names if not pattern.fullmatch(name)) == []


def test_blank_nodes_are_lists_and_paths_only() -> None:
    graph = shapes()
    paths = {SH.alternativePath, SH.inversePath, SH.zeroOrMorePath, SH.zeroOrOnePath}
    allowed = paths | {RDF.first, RDF.rest, SH.oneOrMorePath}
    assert {p for s, p, _ in graph if isinstance(s, BNode)} <= allowed


def test_every_class_of_the_vocabulary_has_a_closed_shape() -> None:
    graph = shapes()
    closed = {
        target
        for shape in graph.subjects(SH.closed, Literal(lexical_or_value=True))
        for target in graph.objects(shape, SH.targetClass)
    }
    classes = own(OWL.Class)
    above = {c: set(vocabulary().transitive_objects(c, RDFS.subClassOf)) for c in classes}
    assert {c for c in classes if not above[c] & closed} == {CMQ.Channel, CMQ.Matter}


def test_every_property_of_the_vocabulary_has_a_shape_or_is_inferred() -> None:
    constrained = set(shapes().objects(None, SH.path))
    properties = own(OWL.ObjectProperty) | own(OWL.DatatypeProperty)
    assert properties - constrained == {CMQ.conveys, CMQ.onBehalfOf, CMQ.relaysDeep}


def test_the_shapes_are_well_formed() -> None:
    rules = read(Path(pyshacl.__file__).parent / "assets" / "shacl-shacl.ttl")
    conforms, _, text = pyshacl.validate(
        Graph() + shapes(), shacl_graph=rules, inplace=True, max_validation_depth=60
    )
    assert conforms, text
