"""Near and wide rules together find what all rules find."""

from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import Quad, RdfFormat, parse

from communique.engines import Result, engine
from communique.parting import Parts, renamed
from communique.reaching import FOREIGN, OWN, PLAIN, Profile, Sorts, shared

ROOT = Path(__file__).parents[1]
EX = "https://example.org/"
HEAD = (
    f"PREFIX ex: <{EX}> PREFIX sh: <http://www.w3.org/ns/shacl#> "
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
)
DATA = """
ex:s1 a ex:Statement ; ex:voice ex:anna ; ex:label "one" ; ex:relays ex:s2 .
ex:s2 a ex:Statement ; ex:voice ex:anna , ex:bert .
ex:s3 a ex:Statement ; ex:label "three" , "four" ; ex:odd 1 .
ex:anna a ex:Actor ; ex:holds ex:envoy .
ex:bert a ex:Organ .
ex:Organ rdfs:subClassOf ex:Actor .
ex:envoy a ex:Post .
"""
VOICES = "[ sh:path ( ex:voice [ sh:inversePath ex:voice ] ) ; sh:maxCount 1 ]"
LABEL = "[ sh:path ex:label ; sh:minCount 1 ; sh:maxCount 1 ]"
SMALL = {
    "near and far": f"""
ex:S a sh:NodeShape ; sh:targetClass ex:Statement ; sh:property {LABEL} , {VOICES} .""",
    "closed": f"""
ex:S a sh:NodeShape ; sh:targetClass ex:Statement ; sh:closed true ;
  sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ex:relays ) ;
  sh:property {LABEL} , [ sh:path ex:voice ; sh:node ex:Heard ] .
ex:Heard a sh:NodeShape ;
  sh:property [ sh:path [ sh:inversePath ex:voice ] ; sh:maxCount 1 ] .""",
    "a condition of another one": f"""
ex:S a sh:NodeShape ; sh:targetClass ex:Statement ; sh:property {LABEL} , {VOICES} .
ex:T a sh:NodeShape ; sh:targetSubjectsOf ex:relays ;
  sh:property [ sh:path ex:relays ; sh:node ex:S ] .""",
    "denied by another one": f"""
ex:S a sh:NodeShape ; sh:targetClass ex:Statement ; sh:property {LABEL} , {VOICES} .
ex:T a sh:NodeShape ; sh:targetSubjectsOf ex:voice ; sh:not ex:S .""",
    "one of a choice": f"""
ex:S a sh:NodeShape ; sh:targetClass ex:Statement ; sh:property {VOICES} .
ex:T a sh:NodeShape ; sh:targetClass ex:Statement ;
  sh:xone ( ex:S [ sh:property {LABEL} ] ) .""",
    "a class that is a shape": f"""
ex:Statement a rdfs:Class , sh:NodeShape ; sh:property {LABEL} , {VOICES} .""",
    "deactivated": f"""
ex:S a sh:NodeShape ; sh:targetClass ex:Statement ; sh:deactivated true ;
  sh:property {LABEL} , {VOICES} .
ex:T a sh:NodeShape ; sh:targetClass ex:Statement ; sh:property {VOICES} .""",
    "qualified": """
ex:S a sh:NodeShape ; sh:targetClass ex:Statement ; sh:property
  [ sh:path ex:voice ; sh:qualifiedValueShape ex:Heard ; sh:qualifiedMinCount 1 ;
    sh:qualifiedValueShapesDisjoint true ] ,
  [ sh:path ex:voice ; sh:qualifiedValueShape [ sh:class ex:Organ ] ; sh:qualifiedMinCount 1 ;
    sh:qualifiedValueShapesDisjoint true ] .
ex:Heard a sh:NodeShape ;
  sh:property [ sh:path [ sh:inversePath ex:voice ] ; sh:maxCount 1 ] .""",
    "a property shape with a target": """
ex:S a sh:PropertyShape ; sh:targetClass ex:Actor ; sh:path [ sh:inversePath ex:voice ] ;
  sh:maxCount 1 ; sh:class ex:Statement ;
  sh:severity sh:Warning ; sh:message "Heard often."@en .""",
    "a property shape with a target that counts some values": """
ex:S a sh:PropertyShape ; sh:targetClass ex:Statement ; sh:path ex:voice ;
  sh:qualifiedValueShape ex:Heard ; sh:qualifiedMinCount 2 .
ex:Heard a sh:NodeShape ;
  sh:property [ sh:path [ sh:inversePath ex:voice ] ; sh:maxCount 1 ] .""",
    "of a name and of objects": f"""
ex:S a sh:NodeShape ; sh:targetNode ex:s1 , ex:envoy ; sh:targetObjectsOf ex:voice ;
  sh:property {LABEL} , [ sh:path [ sh:inversePath ex:voice ] ; sh:maxCount 1 ] .""",
    "without a name": f"""
[] a sh:NodeShape ; sh:targetClass ex:Statement ; sh:property {LABEL} , {VOICES} .""",
    "equal and smaller": """
ex:S a sh:NodeShape ; sh:targetClass ex:Statement ;
  sh:property [ sh:path ex:label ; sh:disjoint ex:odd ; sh:lessThan ex:odd ] .""",
}
EDGES = [
    ("relays", OWN, OWN),
    ("voice", OWN, shared(f"{EX}Actor")),
    ("voice", OWN, shared(f"{EX}Organ")),
    ("label", OWN, PLAIN),
    ("holds", shared(f"{EX}Actor"), shared(f"{EX}Post")),
]
THINGS = {
    f"{EX}{name}": Sorts([shared(f"{EX}{kind}")])
    for name, kind in (("anna", "Actor"), ("bert", "Organ"), ("envoy", "Post"))
}


def above(kinds: Iterable[str]) -> Collection[str]:
    kinds = set(kinds)
    return kinds | ({f"{EX}Actor"} if f"{EX}Organ" in kinds else set())


def quads(text: str) -> list[Quad]:
    return list(parse(f"{HEAD}{text}", format=RdfFormat.TURTLE))


def parts(shapes: list[Quad]) -> Parts:
    profile = Profile([(EX + by, start, end) for by, start, end in EDGES], THINGS)
    return Parts(shapes, profile, above)


def found(data: list[Quad], shapes: list[Quad], name: str = "fast") -> frozenset[Result]:
    return engine(name).results(data, shapes) if shapes else frozenset()


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("by", ["fast", "reference"])
def test_both_parts_find_what_all_shapes_find(name: str, by: str) -> None:
    data, shapes = quads(DATA), quads(SMALL[name])
    parted = parts(shapes)

    both = {*renamed(found(data, parted.near, by)), *renamed(found(data, parted.wide, by))}

    assert both == found(data, shapes, by)
    assert both


@pytest.mark.parametrize("name", sorted(SMALL.keys() - {"equal and smaller"}))
def test_what_looks_into_other_articles_is_not_near(name: str) -> None:
    shapes = quads(SMALL[name])
    parted = parts(shapes)
    far = {each.rule for each in parted.far if each.own.is_far}

    assert parted.far
    assert all(map(parted.is_wide, far))
    assert (set(shapes) <= set(parted.near)) == (not far)


def test_what_stays_in_an_article_is_near_and_not_wide() -> None:
    shapes = quads(SMALL["equal and smaller"])
    parted = parts(shapes)

    assert set(parted.near) == set(shapes)
    assert not parted.far
    assert not found(quads(DATA), parted.wide)


def test_a_far_rule_of_shared_things_alone_stays_with_the_near_ones() -> None:
    parted = parts(
        quads(
            "ex:S sh:targetClass ex:Actor ; sh:property ex:P . ex:P sh:path "
            "[ sh:inversePath ex:voice ] ; sh:maxCount 1 ."
        )
    )

    (far,) = parted.far
    assert (far.own.is_far, far.of_shared.is_far, parted.is_wide(far.rule)) == (False, True, False)


def test_all_together_leaves_nothing_near() -> None:
    shapes = quads(SMALL["near and far"])
    parted = Parts(shapes, Profile([], {}), above, together=True)

    assert not found(quads(DATA), parted.near)
    assert set(renamed(found(quads(DATA), parted.wide))) == found(quads(DATA), shapes)
    assert all(each.everything for each in parted.far)


@cache
def own_shapes() -> list[Quad]:
    files = sorted((ROOT / "shapes").glob("*.ttl"))
    return [quad for path in files for quad in parse(path.read_bytes(), format=RdfFormat.TURTLE)]


@pytest.mark.parametrize("nearest", [0, 1, 2])
def test_the_shapes_of_the_project_may_be_parted_anywhere(nearest: int) -> None:
    data = [
        quad
        for path in (*(ROOT / "ontology").glob("*.ttl"), *(ROOT / "data").glob("*.ttl"))
        for quad in parse(path.read_bytes(), format=RdfFormat.TURTLE)
    ]
    predicates = sorted({quad.predicate.value for quad in data})[nearest::3]
    edges = [(by, start, FOREIGN) for by in predicates for start in (OWN, FOREIGN)]
    parted = Parts(own_shapes(), Profile(edges, {}), set)

    both = {*renamed(found(data, parted.near)), *renamed(found(data, parted.wide))}

    assert parted.far
    assert _told(both) == _told(found(data, own_shapes()))
    assert both


def _told(results: Iterable[Result]) -> set[tuple[str, ...]]:
    return {
        (str(each.focus), str(each.value), each.component, each.severity, each.message)
        for each in results
    }
