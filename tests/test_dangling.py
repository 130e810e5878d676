"""Names of things that nothing describes, in our data and in another project's."""

import pytest

from communique.dangling import dangling, described, faults
from communique.namespaces import BASE, shrink
from communique.vocabularies import vocabulary
from test_vocabularies import FOREIGN, project, quads

ACTORS = "actor:kremlin rdfs:label 'K'@en . actor:white-house rdfs:label 'W'@en .\n"


@pytest.mark.parametrize("folder", ["ontology", "data", "shapes"])
def test_everything_that_the_project_names_is_described(folder: str) -> None:
    every = project("ontology") + project("data") + project("shapes")
    known = described(every)

    assert len(known) > 1_000
    assert list(faults(project(folder), vocabulary(project("ontology")), known)) == []


@pytest.mark.parametrize(
    ("triple", "expected"),
    [
        ("<urn:s> cmq:voice actor:kremlim .", ("object", "actor:kremlim", "actor:kremlin")),
        ("<urn:s> cmq:voice actor:x .", ("object", "actor:x", "")),
        ("<urn:s> actor:kremlin2 1 .", ("predicate", "actor:kremlin2", "actor:kremlin")),
        (f"<urn:s> cmq:content <{BASE}elsewhere/x> .", ("object", f"<{BASE}elsewhere/x>", "")),
    ],
)
def test_what_names_something_undescribed_is_found(
    triple: str, expected: tuple[str, str, str]
) -> None:
    every = quads(ACTORS + triple)
    found = dangling(every, vocabulary([]), described(every))

    assert [(part, shrink(iri), near) for _, part, iri, near in found] == [expected]


@pytest.mark.parametrize(
    "triple",
    [
        "<urn:s> cmq:voice actor:kremlin .",
        f"<urn:s> owl:versionIRI <{BASE}id/9> .",
        "<urn:s> cmq:voice <http://www.wikidata.org/entity/Q1> .",
        "<urn:s> cmq:voyce cmqv:acept .",
        "<urn:s> sd:name graph:inferred .",
        "<urn:s> rdfs:label 'actor:nobody' .",
    ],
    ids=["described", "version", "another's", "term", "graph", "words"],
)
def test_what_is_no_thing_of_the_project_is_not_looked_up(triple: str) -> None:
    every = quads(ACTORS + triple)

    assert list(dangling(every, vocabulary([]), described(every))) == []


def test_another_projects_things_are_looked_up_too() -> None:
    space = "https://trade.example/pact/id/"
    data = quads(f"<{space}d1> <https://trade.example/pact/ns#levies> <{space}d2> .")
    (fault,) = faults(data, vocabulary(quads(FOREIGN)), described(data))

    assert (fault.part, fault.rule.id, fault.layer) == ("object", "unknown-name", "names")
    assert fault.message == f"Nothing describes <{space}d2>."
