"""A baseline knows findings again when lines move, and says which of its entries are stale."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communique import baseline
from communique.baseline import Baseline
from communique.errors import CommuniqueError
from communique.findings import Finding, Region, Rule, fingerprints
from test_reporting import findings

_Find = Callable[[Sequence[str]], list[Finding]]

_LINES = ("id:a bad ;", "id:b good ;", "id:c bad ;", "id:d bad .")


def _found(lines: Sequence[str], *, file: str = "data/a.ttl") -> list[Finding]:
    """Find the word `bad` in lines; the thing on a line is its first word."""
    return [
        Finding(
            file=file,
            region=Region(number, line.index("bad") + 1, number, line.index("bad") + 4),
            rule=Rule("bad", "Nothing is bad."),
            message="bad is not good",
            severity="error",
            layer="terms",
            focus=line.split()[0],
            before=lines[number - 2] if number > 1 else "",
            excerpt=line,
        )
        for number, line in enumerate(lines, 1)
        if "bad" in line
    ]


def _nameless(lines: Sequence[str]) -> list[Finding]:
    """Find the same where it is not known what stands on a line, as with errors of syntax."""
    return [replace(each, focus="") for each in _found(lines)]


def _baseline(folder: Path, text: str) -> Baseline:
    path = folder / "known.jsonl"
    path.write_bytes(text.encode("utf-8"))
    return baseline.read(path, "known.jsonl")


def _of(folder: Path, known: Sequence[Finding]) -> Baseline:
    return _baseline(folder, baseline.written(known))


def _lines(found: Sequence[Finding]) -> list[int]:
    return [each.region.line for each in found]


# Known findings


@pytest.mark.parametrize("find", [_found, _nameless])
@pytest.mark.parametrize(
    "lines",
    [
        _LINES,
        ("", "# a comment", "", *_LINES),
        tuple(reversed(_LINES)),
        tuple(f"\t{line}  " for line in _LINES),
        tuple(line.replace(" ;", " .") for line in _LINES),
    ],
    ids=["same", "shifted", "reordered", "indented", "ended otherwise"],
)
def test_findings_are_known_again(tmp_path: Path, lines: Sequence[str], find: _Find) -> None:
    assert baseline.applied(find(lines), _of(tmp_path, find(_LINES))) == ([], 3, [])


def test_a_finding_stays_known_when_something_else_on_its_line_changes(tmp_path: Path) -> None:
    known = _of(tmp_path, _found(["id:a bad ; rdfs:label 'x'"]))

    assert baseline.applied(_found(["id:a bad ; rdfs:label 'y'"]), known) == ([], 1, [])


def test_a_finding_of_another_thing_is_not_known(tmp_path: Path) -> None:
    lines = [*_LINES, "id:e bad ;"]
    left, known, stale = baseline.applied(_found(lines), _of(tmp_path, _found(_LINES)))

    assert (_lines(left), known, stale) == ([5], 3, [])


def test_the_same_in_another_file_is_not_known(tmp_path: Path) -> None:
    known = _of(tmp_path, _found(_LINES))
    left, count, stale = baseline.applied(_found(_LINES, file="data/b.ttl"), known)

    assert (len(left), count, len(stale)) == (3, 0, 3)


@pytest.mark.parametrize("find", [_found, _nameless])
def test_one_of_two_equal_lines_that_is_mended_leaves_one_stale_entry(
    tmp_path: Path, find: _Find
) -> None:
    known = _of(tmp_path, find(["id:a bad ;", "id:a bad ;"]))
    left, count, stale = baseline.applied(find(["id:a good ;", "id:a bad ;"]), known)

    assert (left, count, len(stale)) == ([], 1, 1)


@pytest.mark.parametrize("find", [_found, _nameless])
def test_a_line_that_is_written_once_more_is_one_new_finding(tmp_path: Path, find: _Find) -> None:
    known = _of(tmp_path, find(_LINES))
    left, count, stale = baseline.applied(find([*_LINES, _LINES[0]]), known)

    assert (len(left), count, stale) == (1, 3, [])


def test_a_blank_node_is_known_by_its_line(tmp_path: Path) -> None:
    known = [replace(each, focus="_:b1", value="_:c1") for each in _found(_LINES)]
    again = [replace(each, focus="_:b2", value="_:c2") for each in _found(["", *_LINES])]

    assert baseline.applied(again, _of(tmp_path, known)) == ([], 3, [])


def test_a_finding_that_is_reported_twice_has_the_name_that_it_has_once() -> None:
    (once,) = _found(["id:a bad ;"])

    assert fingerprints([once, once]) == fingerprints([once])


def test_words_that_are_cut_elsewhere_make_another_name() -> None:
    one, other = (
        replace(each, message=message, focus=focus)
        for each, message, focus in zip(
            _found(["id:a bad ;"] * 2), ("a\0b", "a"), ("c", "b\0c"), strict=True
        )
    )

    assert len(set(fingerprints([one, other]).values())) == 2


# Stale entries


def test_a_stale_entry_is_a_finding_at_its_line(tmp_path: Path) -> None:
    known = _of(tmp_path, _found(_LINES))
    left, count, (stale,) = baseline.applied(_found(_LINES[1:]), known)
    gone = next(number for number, line in enumerate(known.lines, 1) if line == stale.excerpt)

    assert (left, count) == ([], 2)
    assert (stale.file, stale.region.line, stale.rule.id) == ("known.jsonl", gone, "baseline")
    assert (stale.severity, stale.layer) == ("error", "policy")
    assert stale.hint == "remove the line, or write the baseline anew with --update"
    assert stale.region.end_column == len(stale.excerpt) + 1
    assert stale.message == "This is not found any more: data/a.ttl: bad: bad is not good"


def test_an_entry_without_its_line_is_stale_no_more(tmp_path: Path) -> None:
    known = _of(tmp_path, _found(_LINES))
    _, _, (stale,) = baseline.applied(_found(_LINES[1:]), known)
    rest = [line for line in known.lines if line != stale.excerpt]

    assert baseline.applied(_found(_LINES[1:]), _baseline(tmp_path, "\n".join(rest)))[2] == []


def test_an_entry_that_is_listed_twice_is_stale(tmp_path: Path) -> None:
    text = baseline.written(_found(_LINES))
    twice = _baseline(tmp_path, text + text.splitlines(keepends=True)[0])
    left, count, (stale,) = baseline.applied(_found(_LINES), twice)

    assert (left, count, stale.region.line) == ([], 3, 4)
    assert stale.message.startswith("This is listed twice: ")


def test_what_was_not_checked_is_not_stale(tmp_path: Path) -> None:
    known = _of(tmp_path, _found(_LINES))

    assert baseline.applied([], known, unchecked=["terms"]) == ([], 0, [])
    assert len(baseline.applied([], known, unchecked=["shapes"])[2]) == 3


def test_a_stale_entry_cannot_be_put_into_a_baseline(tmp_path: Path) -> None:
    stale = baseline.applied([], _of(tmp_path, _found(_LINES)))[2]

    assert stale
    assert baseline.written(stale) == ""


# The file


def test_a_baseline_is_a_line_for_each_finding_by_file() -> None:
    known = [*_found(_LINES, file="data/b.ttl"), *_found(_LINES)]
    entries = [json.loads(line) for line in baseline.written(known).splitlines()]

    assert [entry["file"] for entry in entries] == ["data/a.ttl"] * 3 + ["data/b.ttl"] * 3
    assert list(entries[0]) == ["file", "rule", "message", "layer", "fingerprint"]


def test_a_baseline_does_not_change_when_lines_move_or_findings_come_in_another_order() -> None:
    shifted = _found(["", *_LINES])

    assert baseline.written(shifted[::-1]) == baseline.written(_found(_LINES))


def test_a_new_finding_adds_one_line() -> None:
    before = baseline.written(_found(_LINES)).splitlines()
    after = baseline.written(_found([*_LINES, "id:e bad ;"])).splitlines()

    assert [line for line in after if line in before] == before
    assert len(after) == len(before) + 1


def test_a_baseline_may_be_empty_or_hold_blank_lines_and_those_of_windows(tmp_path: Path) -> None:
    text = baseline.written(_found(_LINES)).replace("\n", "\r\n")

    assert baseline.applied([], _baseline(tmp_path, "")) == ([], 0, [])
    assert baseline.applied(_found(_LINES), _baseline(tmp_path, f"\r\n{text}\r\n")) == ([], 3, [])


_ENTRY = json.loads(baseline.written(_found(["id:a bad ;"])))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("<<<<<<< ours", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("9" * 10_000, "not JSON"),
        ("[]", "not an entry"),
        (json.dumps({"file": "a"}), "not an entry"),
        (json.dumps(_ENTRY | {"line": "1"}), "not an entry"),
        (json.dumps(_ENTRY | {"message": 1}), "a value is not a text"),
        (json.dumps(_ENTRY | {"fingerprint": "0" * 63}), "the fingerprint is not"),
        (json.dumps(_ENTRY | {"fingerprint": "0" * 64 + "\n"}), "the fingerprint is not"),
    ],
)
def test_a_broken_line_is_an_error_with_its_place(tmp_path: Path, line: str, what: str) -> None:
    text = baseline.written(_found(_LINES))

    with pytest.raises(CommuniqueError, match=rf"^known\.jsonl:4:1: {what}.*Write the baseline"):
        _baseline(tmp_path, f"{text}{line}\n")


def test_a_file_that_is_missing_or_not_utf_8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "utf-16.jsonl").write_bytes("{}".encode("utf-16"))

    with pytest.raises(CommuniqueError, match="No such file or directory"):
        baseline.read(tmp_path / "none.jsonl")
    with pytest.raises(CommuniqueError, match="not UTF-8"):
        baseline.read(tmp_path / "utf-16.jsonl")


# Whatever is found

some = st.lists(findings, max_size=6, unique=True)


@settings(deadline=None, max_examples=60)
@given(found=some, kept=st.sets(st.integers(0, 5)))
def test_whatever_is_found_is_known_until_it_is_mended(
    tmp_path_factory: pytest.TempPathFactory, found: list[Finding], kept: set[int]
) -> None:
    known = _of(tmp_path_factory.mktemp("baseline"), found)
    rest = [each for number, each in enumerate(found) if number in kept]
    left, count, stale = baseline.applied(rest, known)

    assert baseline.applied(found, known) == ([], len(found), [])
    assert (left, count) == ([], len(rest))
    assert len(stale) == len(found) - len(rest)
