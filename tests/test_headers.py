"""What is read without YAML is what YAML reads."""

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from communique import headers

_WORDS = """demands D29 cmq:Actor issues false true True yes On null ~ y 1 1.5 0x1F 1e3 .inf 12:30
    2025-03-18 Who's Ж é - ? ! & * | > % @ ` # #x a#b x: : :x a:, [ ] { } , ' " '' = <<""".split()  # noqa: SIM905  one line of signs reads better than a column
_SPACES = st.sampled_from(["", " ", ", ", ": ", "  ", "\t", " #", "\xa0", ","])
_ANY = st.lists(st.one_of(st.sampled_from(_WORDS), _SPACES, st.characters()), max_size=6)
_FEW = st.one_of(st.sampled_from(_WORDS), _ANY.map("".join))
_SAID = st.one_of(_FEW, st.lists(_FEW, max_size=3).map(lambda some: f"[{', '.join(some)}]"))
_PAIRS = st.lists(st.tuples(_FEW, _SAID), max_size=3).map(
    lambda pairs: "{" + ", ".join(f"{key}: {said}" for key, said in pairs) + "}"
)
_LINES = st.one_of(
    st.builds("{}: {}".format, _FEW, _SAID),
    st.builds("{}:".format, _FEW),
    st.builds("{}{}: {}".format, st.sampled_from(["  ", " ", "   "]), _FEW, _PAIRS),
    _FEW,
)
_PLAIN = st.from_regex(r"[A-Za-z][A-Za-z0-9 '().;/:_-]{0,12}", fullmatch=True)
_SIMPLE_LINES = st.one_of(
    st.builds("{}: {}".format, _PLAIN, _PLAIN),
    st.builds("{}: [{}, {}]".format, _PLAIN, _PLAIN, _PLAIN),
    st.builds("{}:".format, _PLAIN),
    st.builds("  {}: {{{}: {}}}".format, _PLAIN, _PLAIN, _PLAIN),
)
_HEADERS = st.lists(st.one_of(_LINES, _SIMPLE_LINES), max_size=4)
_LOADERS = {yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)}


@settings(max_examples=500, deadline=None)
@given(_HEADERS)
@example(["summary: Who, what?", "tags: [a, b]", "params:", "  x: {type: iri, many: true}"])
@example(["params:"])
@example(["params:", "tags: [a]", "  x: {type: iri}"])
@example(["summary: No", "tags: [yes, off]"])
@example(["a: b", "a: c"])
@example(["a: b "])
@example(["a: [b:, c]"])
@example(["k" * 1_100 + ": b"])
def test_what_needs_no_yaml_means_to_yaml_the_same(lines: list[str]) -> None:
    lines = [part for line in lines for part in line.splitlines()]
    try:
        simple = headers.simple(lines)
    except headers.NotSimpleError:
        return

    for loader in _LOADERS:
        assert simple == (yaml.load("\n".join(lines), Loader=loader) or {})  # noqa: S506


def test_every_stored_header_needs_no_yaml_and_means_to_it_the_same(checkout: Path) -> None:
    for path in sorted((checkout / "queries").glob("*.rq")):
        lines = headers.lines_of(path.read_text(encoding="utf-8"))

        assert headers.simple(lines) == headers.by_yaml(path.name, lines)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("#+ summary: Who?\nASK { }", {"summary": "Who?"}),
        ("#+ tags: [a,b]\nASK { }", {"tags": ["a", "b"]}),
        ('#+ summary: "Who: you?"\nASK { }', {"summary": "Who: you?"}),
        ("#+ summary: one\n#+   two\nASK { }", {"summary": "one two"}),
        (
            "#+ params:\n#+   x: {values: [a, b]}\nASK { }",
            {"params": {"x": {"values": ["a", "b"]}}},
        ),
        ("ASK { }", {}),
    ],
)
def test_a_header_is_read_whether_it_is_simple_or_not(text: str, header: dict[str, object]) -> None:
    assert headers.read("x.rq", text) == header
