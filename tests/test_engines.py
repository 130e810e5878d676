"""Two engines say the same of the rules, and what they say is right."""

import random
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, parse
from rdflib import Graph

import test_shapes
from communique import dataset, engines
from communique.chains import STEPS
from communique.dataset import Term
from communique.engines import Engine, Result, Shapes
from communique.errors import CommuniqueError
from communique.fast import Fast
from communique.literals import malformed
from communique.namespaces import PREFIXES
from generated import Grammar

if not engines.is_fast_installed():
    pytest.skip("shacl has no wheel for this platform", allow_module_level=True)

ROOT = Path(__file__).parents[1]
TRAPS = sorted((ROOT / "tests" / "engines").glob("*.trig"))
W3C = ROOT.parent / "shared" / "w3c" / "shacl-core"
FIXTURES = [*test_shapes.VALID, *test_shapes.INVALID]
THINGS = PREFIXES["actor"].removesuffix("actor/")
COMPARED = ("codePoints", "notAfter", "notBefore", "resolvesTo")
MONTHS = ("notAfter", "notBefore", "resolvesTo")
TYPE = NamedNode(PREFIXES["rdf"] + "type")

FAST = engines.engine("fast")
REFERENCE = engines.engine("reference")

REFERENCE_ERRS = {
    "dates-far-apart": "a time without a zone and one with it, days apart, are not compared",
    "dates-far-apart-in-sparql": "the same in a query",
    "dates-in-zones": "the time zone of a date is not looked at",
    "languages-of-longer-ranges": "fr-CA does not take in fr-CA-x-a",
    "messages-with-a-backslash": "a value with a backslash cannot be put into a message",
    "pairs-across-kinds": "values that cannot be compared pass",
    "paths-inverse-of-a-sequence": "the inverse of a sequence is not turned round",
    "patterns-across-lines": "the flag s is not known",
    "patterns-before-a-last-line-feed": "$ matches before a last line feed",
    "ranges-across-kinds": "values that cannot be compared pass",
    "sparql-comparing-texts-with-numbers": "a text is ordered after a number",
    "sparql-members-of-a-list": "1.0 is not IN (1)",
}
BOTH_ERR = {
    "pairs-of-tagged-texts": "texts with a language are ordered, though SPARQL has no order",
    "ranges-of-years": "xsd:gYear is not compared",
}
BOTH_REFUSE = {"an-empty-list-of-conditions": "SHACL wants a member"}
REFERENCE_ERRS_ON_W3C = {"uniqueLang-002": "a 1 that is no `true` counts as one"}

DECLINED = {f"TimeReference-{name}.month.invalid.ttl" for name in MONTHS}

Graphs = tuple[list[Quad], list[Quad]]


def graphs(path: Path) -> Graphs:
    """Read the two graphs of a trap; what is malformed is told before the engines are asked."""
    found: dict[str, list[Quad]] = {"data": [], "shapes": []}
    for quad in parse(path.read_bytes(), format=RdfFormat.TRIG):
        name = str(quad.graph_name).rpartition("/")[2].removesuffix(">")
        found[name].append(Quad(quad.subject, quad.predicate, quad.object))
    return found["data"], found["shapes"]


def well_formed(quads: list[Quad]) -> list[Quad]:
    store = Store()
    store.extend(quads)
    faulty = {quad.object for quad in malformed(store)}
    return [quad for quad in quads if quad.object not in faulty]


def asked(engine: Engine, data: list[Quad], shapes: list[Quad]) -> frozenset[Result] | str:
    """Return what an engine finds, or that it refuses the shapes."""
    try:
        return engine.results(well_formed(data), shapes)
    except CommuniqueError:
        return "refused"


def differences(data: list[Quad], shapes: list[Quad]) -> list[str]:
    first, second = asked(FAST, data, shapes), asked(REFERENCE, data, shapes)
    if isinstance(first, str) or isinstance(second, str):
        return [] if first == second else [f"< {first}", f"> {second}"]
    return engines.disagreement(first, second)


def misjudged(engine: Engine, path: Path) -> list[str]:
    """List the things named good of which there is a result, and those named bad without one."""
    data, shapes = graphs(path)
    found = asked(engine, data, shapes)
    if isinstance(found, str):
        return [found]
    told = {one.focus for one in found} | {q.subject for q in data if q not in well_formed(data)}
    named = {local(term): term in told for term in told | {quad.subject for quad in data}}
    return sorted(
        name
        for name, is_told in named.items()
        if (name.startswith("good") and is_told) or (name.startswith("bad") and not is_told)
    )


def local(term: object) -> str:
    return term.value.rpartition("/")[2] if isinstance(term, NamedNode) else str(term)


def named(paths: Iterable[Path]) -> list[str]:
    return [path.stem for path in paths]


AGREED = [path for path in TRAPS if path.stem not in REFERENCE_ERRS]
ERRED = [path for path in TRAPS if path.stem in REFERENCE_ERRS]
JUDGED = [path for path in TRAPS if path.stem not in BOTH_ERR | BOTH_REFUSE]


@pytest.mark.parametrize("path", AGREED, ids=named(AGREED))
def test_both_say_the_same_of_a_trap(path: Path) -> None:
    assert differences(*graphs(path)) == []


@pytest.mark.parametrize("path", JUDGED, ids=named(JUDGED))
def test_what_is_bad_in_a_trap_is_found_and_what_is_good_is_not(path: Path) -> None:
    assert misjudged(FAST, path) == []


@pytest.mark.parametrize("path", ERRED, ids=named(ERRED))
def test_the_reference_still_errs_where_it_is_said_to(path: Path) -> None:
    assert differences(*graphs(path)) != []
    assert misjudged(REFERENCE, path) != []


@pytest.mark.parametrize("stem", BOTH_ERR)
def test_where_both_err_the_fast_engine_asks_the_reference(stem: str) -> None:
    path = ROOT / "tests" / "engines" / f"{stem}.trig"

    assert misjudged(FAST, path) == misjudged(REFERENCE, path) != []


@pytest.mark.parametrize("stem", BOTH_REFUSE)
def test_shapes_that_cannot_be_followed_are_refused_by_both(stem: str) -> None:
    data, shapes = graphs(ROOT / "tests" / "engines" / f"{stem}.trig")

    for each in (FAST, REFERENCE):
        with pytest.raises(CommuniqueError, match=r"^shapes: cannot be followed: .* Mend the"):
            each.results(data, shapes)


MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"


class Case(Shapes):
    """One file of the suite of the W3C: data, shapes and the report that is right."""

    def __init__(self, path: Path) -> None:
        """Read the file."""
        self._folder = path.parent
        self.quads = read(path)
        super().__init__(self.quads)

    def graph(self, kind: str) -> list[Quad]:
        """Return the graph that the file names as `dataGraph` or `shapesGraph`."""
        (name,) = {quad.object for quad in self.quads if quad.predicate.value == SHT + kind}
        path = self._folder / local(name)
        return read(path) if path.is_file() else self.quads

    def report(self) -> Iterator[tuple[str, ...]]:
        """Yield the results that are right, as `summary` writes them."""
        for quad in self.quads:
            if quad.predicate.value == engines.sh("result"):
                names = ("focusNode", "value", "sourceConstraintComponent", "resultSeverity")
                node = quad.object
                assert isinstance(node, BlankNode)
                parts = [self.one(node, name) for name in names]
                path = steps(self, self.one(node, "resultPath"))
                yield (path, *("_" if isinstance(part, BlankNode) else str(part) for part in parts))


def read(path: Path) -> list[Quad]:
    return list(
        parse(path.read_bytes(), format=RdfFormat.TURTLE, base_iri=f"urn:case:/{path.name}")
    )


def steps(graph: Shapes, path: Term | None) -> str:
    """Write a path so that equal ones are equal, whatever their blank nodes are called."""
    if not isinstance(path, BlankNode):
        return str(path)
    ends = [PREFIXES["rdf"] + name for name in ("first", "rest")]
    kinds = ends if graph.objects(path, ends[0]) else sorted(STEPS)
    words = [f"{kind} {steps(graph, end)}" for kind in kinds for end in graph.objects(path, kind)]
    return f"( {' '.join(words)} )"


def summary(found: frozenset[Result], shapes: list[Quad]) -> list[tuple[str, ...]]:
    graph = Shapes(shapes)
    return sorted(
        {
            (
                steps(graph, one.path),
                *("_" if isinstance(t, BlankNode) else str(t) for t in (one.focus, one.value)),
                f"<{one.component}>",
                f"<{one.severity}>",
            )
            for one in found
        }
    )


def cases() -> list[Path]:
    return [path for path in sorted(W3C.rglob("*.ttl")) if b"sht:Validate" in path.read_bytes()]


CASES: list[Path | None] = [*cases()] or [None]


def case_of(path: Path | None) -> Case:
    if path is None:
        pytest.skip("the suite of the W3C is not here")
    return Case(path)


def case_name(path: Path | None) -> str:
    return path.stem if path else "none"


@pytest.mark.parametrize("path", CASES, ids=case_name)
def test_the_fast_engine_gives_the_report_of_the_w3c(path: Path | None) -> None:
    case = case_of(path)
    shapes = case.graph("shapesGraph")

    found = FAST.results(case.graph("dataGraph"), shapes)

    assert summary(found, shapes) == sorted(set(case.report()))


@pytest.mark.parametrize("path", CASES, ids=case_name)
def test_both_say_the_same_of_a_case_of_the_w3c(path: Path | None) -> None:
    case = case_of(path)

    found = differences(case.graph("dataGraph"), case.graph("shapesGraph"))

    assert (found != []) == (case_name(path) in REFERENCE_ERRS_ON_W3C)


@pytest.mark.parametrize("seed", range(300))
def test_both_say_the_same_of_a_graph_and_shapes_that_are_drawn(seed: int) -> None:
    grammar = Grammar(random.Random(seed))
    data = list(parse(grammar.data(), format=RdfFormat.TURTLE))
    shapes = list(parse(grammar.shapes(), format=RdfFormat.TURTLE))

    assert Fast().declined(well_formed(data), shapes) == ""
    assert differences(data, shapes) == []


def triples(*parts: Graph) -> list[Quad]:
    """Turn graphs of rdflib into quads."""
    texts = [part.serialize(format="nt", encoding="utf-8") for part in parts]
    return [quad for text in texts for quad in parse(text, format=RdfFormat.N_TRIPLES)]


@cache
def rules() -> list[Quad]:
    return [quad for path in dataset.turtle_files(ROOT / "shapes") for quad in read(path)]


@cache
def judged_fixtures() -> dict[Term, list[str]]:
    """Judge all fixtures at once, and list for each thing found the differences about it."""
    shared = test_shapes.read(test_shapes.FIXTURES / "context.ttl")
    worlds = [test_shapes.world(path) for path in FIXTURES if path.name not in DECLINED]
    data = well_formed(triples(test_shapes.vocabulary(), shared, *worlds))
    assert Fast().declined(data, rules()) == ""
    first, second = FAST.results(data, rules()), REFERENCE.results(data, rules())
    found: dict[Term, list[str]] = {one.focus: [] for one in first | second}
    for one in first ^ second:
        found[one.focus] += engines.disagreement(first & {one}, second & {one})
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=[path.name for path in FIXTURES])
def test_both_say_the_same_of_a_fixture(path: Path) -> None:
    here = {NamedNode(str(subject)) for subject in test_shapes.world(path).subjects()}
    found = {term: lines for term, lines in judged_fixtures().items() if term in here}

    assert bool(found) == (path in test_shapes.INVALID and path.name not in DECLINED)
    assert [line for lines in found.values() for line in lines] == []


@pytest.mark.parametrize("name", sorted(DECLINED))
def test_a_month_that_is_compared_with_a_day_is_left_to_the_reference(name: str) -> None:
    data = triples(test_shapes.world(test_shapes.FIXTURES / name))

    assert Fast().declined(data, rules()).endswith("is compared")


def test_both_say_the_same_of_all_that_stands_beside_the_fixtures() -> None:
    assert [line for lines in judged_fixtures().values() for line in lines] == []


def test_both_say_the_same_of_the_story_of_the_ontology() -> None:
    story = read(ROOT / "tests" / "ontology" / "harbour-accord.ttl")
    data = well_formed(triples(test_shapes.vocabulary()) + story)

    assert FAST.results(data, rules()) != frozenset()
    assert differences(data, rules()) == []


def test_the_fast_engine_judges_this_project_itself() -> None:
    assert Fast().declined(dataset.union(dataset.load(ROOT, infer=False)), rules()) == ""


@cache
def beginning() -> tuple[list[Quad], list[Quad]]:
    """Return what is no thing of the data, and the first statements with all that they lead to."""
    every = engines.quads_of(dataset.union(dataset.load(ROOT, infer=False)))
    ends: dict[object, set[Term]] = {quad.subject: set() for quad in every}
    for quad in every:
        if isinstance(quad.object, NamedNode) and quad.object in ends:
            ends[quad.subject].add(quad.object)
    waiting: list[Term] = [NamedNode(f"{THINGS}a1/s{number:03}") for number in range(1, 16)]
    reached = set(waiting)
    while waiting:
        new = ends.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    moving = [quad for quad in every if quad.subject in reached and is_thing(quad)]
    return [quad for quad in every if not is_thing(quad)], moving


def is_thing(quad: Quad) -> bool:
    return isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(THINGS)


def with_faults(quads: list[Quad], chance: random.Random) -> list[Quad]:
    """Drop, double, retype, swap and turn round some triples; days and places stay comparable."""
    changed = list(quads)
    for _ in range(60):
        place = chance.randrange(len(changed))
        quad = changed[place]
        others = [each for each in changed if measured_in(each) == measured_in(quad)]
        other = chance.choice(others)
        wrong = chance.choice([Literal("x"), Literal("x", language="de"), Literal(7), other.object])
        changed[place : place + 1] = chance.choice(
            [
                [],
                [quad, Quad(quad.subject, quad.predicate, other.object)],
                [Quad(other.subject, quad.predicate, quad.object)],
                [quad, Quad(quad.subject, TYPE, NamedNode(PREFIXES["cmq"] + "Event"))],
                [Quad(quad.subject, other.predicate, quad.object)],
                *([[Quad(quad.subject, quad.predicate, wrong)]] * 2 * (not is_compared(quad))),
            ]
        )
    return changed


def measured_in(quad: Quad) -> str:
    """Tell days from places, and both from all that is not compared."""
    value = quad.object
    return value.datatype.value if is_compared(quad) and isinstance(value, Literal) else ""


def is_compared(quad: Quad) -> bool:
    name = quad.predicate.value
    return name in {PREFIXES["oa"] + "start", PREFIXES["oa"] + "end"} or (
        name.startswith(PREFIXES["cmq"]) and name.removeprefix(PREFIXES["cmq"]) in COMPARED
    )


@pytest.mark.parametrize("seed", range(3))
def test_both_say_the_same_of_real_data_with_faults(seed: int) -> None:
    rest, moving = beginning()
    data = well_formed(rest + with_faults(moving, random.Random(seed)))

    assert Fast().declined(data, rules()) == ""
    assert FAST.results(data, rules()) != frozenset()
    assert differences(data, rules()) == []


DATA = """
PREFIX : <https://example.org/>
:a a :Thing ; :size 3 . :b a :Thing .
"""
SHAPES = """
PREFIX : <https://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
:S a sh:NodeShape ; sh:targetClass :Thing ; sh:property [
  sh:path [ sh:alternativePath ( :size :length ) ] ; sh:minCount 1 ;
  sh:message "Ein Ding hat ein Maß."@de , "A thing has a size."@en ] .
"""
ENGINES = pytest.mark.parametrize("engine", [FAST, REFERENCE], ids=["fast", "reference"])


def turtle(text: str) -> list[Quad]:
    return list(parse(text, format=RdfFormat.TURTLE))


@ENGINES
def test_a_result_tells_focus_path_shape_and_the_english_message(engine: Engine) -> None:
    shapes = turtle(SHAPES)
    (shape,) = (q.object for q in shapes if q.predicate.value == engines.sh("property"))
    assert isinstance(shape, BlankNode)

    assert engine.results(turtle(DATA), shapes) == {
        Result(
            focus=NamedNode("https://example.org/b"),
            path=Shapes(shapes).one(shape, "path"),
            value=None,
            shape=shape,
            component=engines.sh("MinCountConstraintComponent"),
            severity=engines.sh("Violation"),
            message="A thing has a size.",
        )
    }


@ENGINES
def test_a_store_is_judged_by_its_default_graph(engine: Engine) -> None:
    store = Store()
    store.extend(turtle(DATA))
    aside = NamedNode("https://example.org/aside")
    store.extend(
        Quad(q.subject, q.predicate, q.object, aside) for q in turtle(DATA.replace(":b", ":c"))
    )

    assert len(engine.results(store, turtle(SHAPES))) == 1


@ENGINES
@pytest.mark.parametrize("word", ["SERVICE", "SERVIC\\\\u0045"])
def test_a_shape_that_calls_another_server_is_refused(engine: Engine, word: str) -> None:
    query = f'"SELECT $this WHERE {{ {word} <http://localhost:9/> {{ $this ?p ?o }} }}"'
    shapes = turtle(SHAPES + f":S sh:sparql [ sh:select {query} ] .")

    with pytest.raises(CommuniqueError, match=r"^shapes: .*(SERVICE|escape)"):
        engine.results(turtle(DATA), shapes)


def test_two_that_agree_are_believed_and_two_that_differ_are_told_apart() -> None:
    both = engines.engine("both")
    path = ROOT / "tests" / "engines" / "patterns-before-a-last-line-feed.trig"

    data, shapes = turtle(DATA), turtle(SHAPES)

    assert both.results(data, shapes) == FAST.results(data, shapes) != frozenset()
    with pytest.raises(
        CommuniqueError, match=r"differ:\n  < Pattern <https://example.org/bad-end>"
    ):
        both.results(*graphs(path))


def test_the_reference_stands_in_where_the_library_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines, "is_fast_installed", lambda: False)

    assert engines.engine("fast").name == "reference"
    with pytest.raises(CommuniqueError, match="--engine both: the fast engine is missing"):
        engines.engine("both")


def test_an_unknown_engine_is_an_error() -> None:
    with pytest.raises(CommuniqueError, match=r"^--engine quick: no such engine\. Choose"):
        engines.engine("quick")
