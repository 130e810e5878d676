"""What the quick look at prefixes sees, and when it leaves the matter to the reader."""

import pytest

from communique.graphs import prefixes_of

_A, _B = ("a", "urn:a:"), ("b", "urn:b:")


@pytest.mark.parametrize(
    ("text", "declared", "used"),
    [
        ("PREFIX a: <urn:a:>\na:x a:y a:z .", [_A], {"a"}),
        ("@prefix a: <urn:a:> . @PREFIX b:<urn:b:> .\n<urn:x> b:y 1 .", [_A, _B], {"b"}),
        ("PREFIX a: <urn:a:>\n<urn:x> <urn:y> schema:a .", [_A], set()),
        ("PREFIX a: <urn:a:>\n<urn:x> <urn:y> xa:y .", [_A], set()),
        ('PREFIX a: <urn:a:>\n<urn:x> <urn:y> "prefixes" , a:prefix-x , sh:prefix .', [_A], {"a"}),
        ("<urn:x> <urn:y> <urn:z> .", [], set()),
    ],
)
def test_prefixes_that_are_declared_and_used_are_seen(
    text: str, declared: list[tuple[str, str]], used: set[str]
) -> None:
    assert prefixes_of(text) == (declared, used)


@pytest.mark.parametrize(
    "text",
    [
        "PREFIX # a comment\n a: <urn:a:>\na:x a:y a:z .",
        "PREFIX#\na: <urn:a:>\na:x a:y a:z .",
        '<urn:x> <urn:y> "a prefix" .',
    ],
)
def test_what_the_quick_look_does_not_understand_is_read_in_earnest(text: str) -> None:
    assert prefixes_of(text) is None
