"""What many results have in common is told once, and what only happens to go together is not."""

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from communique.causes import Cause, Causes
from communique.engines import Result, Shapes, engine

_PREFIXES = """
PREFIX : <urn:x:>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
"""
_RULES = """
:Speech a sh:NodeShape ; sh:targetClass :Speech ; sh:property :Speech-voice .
:Speech-voice a sh:PropertyShape ; sh:path :voice ; sh:class :Actor ; sh:minCount 1 .
:Matter a sh:NodeShape ; sh:targetClass :Matter ; sh:property :Matter-of .
:Matter-of a sh:PropertyShape ; sh:path :of ; sh:minCount 1 .
"""


def _causes(data: str, shapes: str = _RULES) -> tuple[list[Cause], set[Result]]:
    quads, rules = (
        list(parse((_PREFIXES + text).encode(), RdfFormat.TURTLE)) for text in (data, shapes)
    )
    causes = Causes(engine("fast").results(quads, rules), quads, Shapes(rules))
    return list(causes.found()), causes.left


def _names(quad: Quad) -> list[str]:
    terms = (quad.subject, quad.predicate, quad.object)
    return [term.value.removeprefix("urn:x:") for term in terms if isinstance(term, NamedNode)]


def test_a_wrong_type_is_the_cause_of_all_that_name_the_thing() -> None:
    speeches = "".join(f":s{n} a :Speech ; :voice :kremlin .\n" for n in range(4))
    (cause,), left = _causes(f"{speeches}:kremlin a :Place .\n")

    assert (_names(cause.quad)[0], _names(cause.quad)[2]) == ("kremlin", "Place")
    assert (cause.part, cause.more, left) == ("object", 3, set())


def test_a_thing_that_is_rightly_named_more_often_is_no_cause() -> None:
    wrong = "".join(f":s{n} a :Speech ; :voice :kremlin .\n" for n in range(3))
    right = "".join(f":e{n} a :Event ; :place :kremlin .\n" for n in range(4))
    causes, left = _causes(f"{wrong}{right}:kremlin a :Place .\n")

    assert (causes, len(left)) == ([], 3)


def test_two_wrong_values_are_two_faults() -> None:
    causes, left = _causes(
        ":s1 a :Speech ; :voice :kremlin . :s2 a :Speech ; :voice :kremlin . :kremlin a :Place ."
    )

    assert (causes, len(left)) == ([], 2)


def test_what_each_of_some_things_lacks_is_told_of_each() -> None:
    causes, left = _causes("".join(f":s{n} a :Speech ; :of :nobody .\n" for n in range(5)))

    assert (causes, len(left)) == ([], 5)


def test_a_class_of_which_all_break_a_rule_is_put_in_the_wrong_place() -> None:
    speeches = "".join(f":s{n} a :Speech ; :voice :a .\n" for n in range(4))
    good = ":m a :Matter ; :of :a . :a a :Actor . :Speech rdfs:subClassOf :Matter ."
    (cause,), left = _causes(speeches + good)

    assert (_names(cause.quad)[0], _names(cause.quad)[2]) == ("Speech", "Matter")
    assert (cause.part, cause.more, left) == ("object", 3, set())


def test_a_rule_that_nothing_of_its_class_keeps_is_told_of_each() -> None:
    speeches = "".join(f":s{n} a :Speech ; :voice :a .\n" for n in range(4))
    bad = ":m a :Matter . :a a :Actor . :Speech rdfs:subClassOf :Matter ."
    causes, left = _causes(speeches + bad)

    assert (causes, len(left)) == ([], 5)


def test_a_class_of_which_one_thing_keeps_the_rule_is_no_cause() -> None:
    speeches = "".join(f":s{n} a :Speech ; :voice :a .\n" for n in range(4))
    good = ":s0 :of :a . :m a :Matter ; :of :a . :a a :Actor . :Speech rdfs:subClassOf :Matter ."
    causes, left = _causes(speeches + good)

    assert (causes, len(left)) == ([], 3)


def test_what_one_cause_has_taken_is_not_looked_for_again() -> None:
    speeches = "".join(f":s{n} a :Speech ; :voice :a .\n" for n in range(4))
    good = ":m a :Matter ; :of :a ; :at :a . :a a :Actor ."
    rule = ":Matter-at a sh:PropertyShape ; sh:path :at ; sh:minCount 1 ."
    (cause,), left = _causes(
        f"{speeches}{good} :Speech rdfs:subClassOf :Matter .",
        f"{_RULES}:Matter sh:property :Matter-at .\n{rule}",
    )

    assert (len(cause.results), cause.more, left) == (8, 3, set())
