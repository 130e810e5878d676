from pathlib import Path

import pytest
from pyoxigraph import Store

from communique import choices, dataset, questions
from communique.dataset import select
from communique.namespaces import PREFIXES
from communique.naming import Names, Thing, meant, names_in, names_in_files
from communique.parameters import Parameter

_ALL = Parameter("x", "iri")


@pytest.fixture(scope="module")
def store(checkout: Path) -> Store:
    return dataset.union(dataset.load(checkout))


@pytest.fixture(scope="module")
def names(store: Store) -> Names:
    return names_in(store)


def test_a_shell_offers_what_can_be_given(checkout: Path, names: Names) -> None:
    in_files = names_in_files(checkout)
    declared = [each for q in questions.questions(checkout) for each in q.parameters]

    for parameter in [*declared, _ALL]:
        offered = choices.choices(in_files, parameter)
        assert offered
        assert offered == choices.choices(names, parameter)


@pytest.mark.parametrize("name", ["Actor", "Matter", "Individual", "Statement", "Finding"])
def test_a_class_has_what_is_of_it_or_of_a_narrower_one(
    store: Store, names: Names, name: str
) -> None:
    found = select(store, f"SELECT DISTINCT ?x {{ ?x a/rdfs:subClassOf* cmq:{name} }}")

    assert found
    assert {row["x"].value for row in found} == names.of_class(PREFIXES["cmq"] + name)


def _thing(label: str, iri: str, *others: str) -> Thing:
    return Thing(label, iri, frozenset({label}), frozenset(others))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("the North", ["urn:x/1"]),
        ("  THE   north ", ["urn:x/1"]),
        ("east", ["urn:x/east"]),
        ("Up there", ["urn:x/1", "urn:x/east"]),
        ("Twin", ["urn:x/2", "urn:x/3"]),
        ("nowhere", []),
    ],
)
def test_a_label_goes_before_an_id_and_an_id_before_another_name(
    name: str, expected: list[str]
) -> None:
    among = [
        _thing("The North", "urn:x/1", "up there"),
        _thing("Sunrise", "urn:x/east", "up there"),
        _thing("twin", "urn:x/2", "east"),
        _thing("twin", "urn:x/3", "the north"),
    ]

    assert [each.iri for each in meant(name, among)] == expected
