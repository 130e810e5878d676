"""Labels and names that would assert something, and words that are a source's."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communique import policy
from communique.faults import Fault
from communique.namespaces import BASE
from test_vocabularies import project, quads

ARTICLE = Path(__file__).parents[2] / "shared" / "article" / "article.txt"
COPY = """
The envoys of Freedonia and Sylvania settled yesterday on a quota of nine hundred tonnes of herring
for every harbour that lies north of the strait. Nobody from the Ministry of Fisheries spoke.
"""
SPACE = f"{BASE}id/a1/"


def found(turtle: str, ontology: str = "") -> list[Fault]:
    return list(policy.faults(quads(turtle), quads(ontology)))


def copied(text: str, predicate: str = "rdfs:label") -> list[Fault]:
    return list(policy.copied(quads(f"<urn:s> {predicate} '{text}'@en ."), COPY))


# The project itself


@pytest.mark.parametrize("folder", ["ontology", "data", "shapes"])
def test_the_projects_own_names_and_labels_assert_nothing(folder: str) -> None:
    assert list(policy.faults(project(folder), project("ontology"))) == []


@pytest.mark.parametrize("folder", ["ontology", "data", "shapes"])
def test_the_project_repeats_no_words_of_its_article(folder: str) -> None:
    if not ARTICLE.is_file():
        pytest.skip("../shared is not here: the article may not be in the repository")

    assert list(policy.copied(project(folder), ARTICLE.read_text(encoding="utf-8"))) == []


# Names


@pytest.mark.parametrize("kind", ["Statement", "Undertaking", "HostileAct", "Agreement", "Finding"])
def test_what_is_said_or_found_has_a_name_that_says_nothing(kind: str) -> None:
    (fault,) = found(f"<{SPACE}putin-accepts-truce> a cmq:{kind} .")

    assert (fault.rule.id, fault.part, fault.layer) == ("opaque-name", "subject", "policy")
    assert fault.severity == "error"


@pytest.mark.parametrize(
    "turtle",
    [
        "actor:white-house a cmq:Organ .",
        f"<{SPACE}account-white-house> a cmq:Account .",
        f"<{SPACE}s017> a cmq:Statement .",
        f"<{SPACE}statement-17> a cmq:Statement .",
        f"<{SPACE}3f2504e0-4f89-11d3-9a0c-0305e82c3301> a cmq:Statement .",
        "_:b a cmq:Statement .",
    ],
    ids=["actor", "channel", "number", "kind and number", "UUID", "blank node"],
)
def test_a_readable_name_of_a_thing_and_an_opaque_one_are_let_pass(turtle: str) -> None:
    assert found(turtle) == []


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("putin-accepts", True),
        ("PutinAccepts", True),
        ("putin_lies2", True),
        ("truceAccepted", True),
        ("s001a", False),
        ("statement", False),
        ("x-17-b", False),
        ("ba01b1d8-0-62", False),
        ("", False),
    ],
)
def test_two_words_can_be_read_and_one_cannot(local: str, *, words: bool) -> None:
    assert policy.reads_as_words(local) is words


def test_a_class_that_another_project_puts_below_ours_is_held_to_the_same() -> None:
    turtle = f"<{SPACE}tariffs-will-fall> a <https://trade.example/ns#Pledge> ."
    below = "<https://trade.example/ns#Pledge> rdfs:subClassOf cmq:Undertaking ."

    assert found(turtle) == []
    assert [fault.rule.id for fault in found(turtle, below)] == ["opaque-name"]


# Labels


def labelled(kind: str, label: str) -> list[Fault]:
    return found(f'<{SPACE}s017> a cmq:{kind} ; rdfs:label "{label}"@en .')


@pytest.mark.parametrize(
    ("kind", "label", "rule"),
    [
        ("Undertaking", "halt of strikes " * 6 + "on energy", "label-length"),
        ("Statement", "Kremlin: " + "halt " * 15 + "again", "label-length"),
        ("Situation", "The halt was broken.", "label-sentence"),
        ("Statement", "Kremlin: the halt was broken!", "label-sentence"),
        ("Finding", 'The halt was \\"broken.\\"', "label-sentence"),
        ("Statement", "Putin accepted the halt", "label-voice"),
        ("Statement", "Kremlin:", "label-voice"),
        ("Statement", "", "label-voice"),
        ("Undertaking", " halt of strikes", "trimmed-text"),
        ("Undertaking", "halt of\\u0007 strikes", "trimmed-text"),
    ],
)
def test_a_label_that_asserts_is_one_fault_at_the_label(kind: str, label: str, rule: str) -> None:
    (fault,) = labelled(kind, label)

    assert (fault.rule.id, fault.part) == (rule, "object")
    assert fault.hint


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("Undertaking", "halt of strikes on energy"),
        ("Undertaking", "talks in Washington, D.C."),
        ("Assessment", "minimal."),
        ("Statement", "Kremlin: halt of strikes accepted"),
        ("Place", "Everybody agrees that this is the place."),
        ("Statement", "K" * 60 + ": halt"),
        ("Undertaking", "x" * policy.LONGEST_LABEL),
    ],
)
def test_a_phrase_is_let_pass(kind: str, label: str) -> None:
    assert labelled(kind, label) == []


@pytest.mark.parametrize(
    "predicate", ["rdfs:comment", "skos:definition", "skos:prefLabel", "dcterms:title"]
)
def test_no_text_for_people_has_spaces_around_it(predicate: str) -> None:
    (fault,) = found(f"<urn:s> {predicate} 'words '@en .")

    assert fault.rule.id == "trimmed-text"


@pytest.mark.parametrize("turtle", ["<urn:s> rdfs:comment 'a\\nb' .", "<urn:s> cmq:quote ' a' ."])
def test_lines_of_a_comment_and_words_of_others_are_left_alone(turtle: str) -> None:
    assert found(turtle) == []


# Words of a source


@pytest.mark.parametrize(
    "text",
    [
        "for every harbour that lies north of the strait",
        "quota: nine hundred tonnes of herring, every harbour",
        "FOR EVERY HARBOUR, that lies (north of) the Strait",
    ],
    ids=["eight words", "six words without the little ones", "other case"],
)
def test_a_run_of_the_sources_words_is_found(text: str) -> None:
    (fault,) = copied(text)

    assert (fault.rule.id, fault.part, fault.layer) == ("copied-words", "object", "policy")


@pytest.mark.parametrize(
    "text",
    [
        "nine hundred tonnes of herring",
        "envoys of Freedonia and Sylvania",
        "a quota for herring, in tonnes, north of the strait, as the envoys of two states have it",
        "",
    ],
    ids=["figure", "names", "own words", "nothing"],
)
def test_names_figures_and_own_words_are_let_pass(text: str) -> None:
    assert copied(text) == []


@pytest.mark.parametrize("predicate", ["rdfs:comment", "cmq:wording", "dcterms:description"])
def test_every_text_is_compared(predicate: str) -> None:
    assert copied("for every harbour that lies north of the strait", predicate)


def test_a_quotation_may_repeat_the_source() -> None:
    assert copied("for every harbour that lies north of the strait", "cmq:quote") == []


@given(words=st.lists(st.sampled_from(["herring", "quota", "tonnes", "strait", "of", "the"])))
def test_a_text_in_its_source_is_found_if_it_is_long_enough(words: list[str]) -> None:
    text = " ".join(words)
    content = [word for word in words if word not in {"of", "the"}]
    faults = policy.copied(quads(f"<urn:s> rdfs:label '{text}' ."), f"Once {text} again.")

    assert bool(list(faults)) is (len(words) >= 8 or len(content) >= 6)
