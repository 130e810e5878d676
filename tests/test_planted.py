"""One fault of each kind, planted in a copy of the repository, is told once and at its place.

The tables in `planted/` hold a kind each: what of a file is replaced by what, with the place that
the finding has to name between single angle quotation marks.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
import yaml

from communique import linting, validation
from communique.display import shown
from communique.findings import LAYERS, Finding, Region, Report
from communique.linting import Known, lint
from communique.reporting import FORMATS, report_as
from conftest import HERE

_FOLDERS = ("data", "ontology", "queries", "shapes", "tests/answers")
_OURS = "<https://w3id.org/communique"
_OPEN, _CLOSE = "\u2039\u203a"
_LINE = re.compile(r"(.+):(\d+):(\d+): (error|warning) (\S+): (.*)")
_ANNOTATION = re.compile(
    r"::(error|warning) file=(.*),title=(.*),line=(\d+),endLine=(\d+),col=(\d+),endColumn=(\d+)"
    r"::(.*)"
)


@dataclass(frozen=True)
class Plant:
    """A fault of one kind, and what is to be told of it."""

    kind: str
    layer: str
    file: str
    rule: str
    edits: tuple[tuple[str, str, int], ...] = ()
    """What is replaced, by what, and in how many places; 0 is wherever it stands."""
    text: str = ""
    """A whole file instead."""
    severity: str = "error"
    message: str = ""
    hint: str = ""

    def spoil(self, root: Path) -> Region:
        """Plant the fault in a copy of the repository; return the place that it is to have."""
        path = root / self.file
        text = self.text
        if self.edits:
            text = path.read_bytes().decode()
            assert not set(_OPEN + _CLOSE) & set(text)
            for old, new, times in self.edits:
                assert (text.count(old) == times) if times else old in text, old
                text = text.replace(old, new)
            path.unlink()
        assert text.count(_OPEN) == text.count(_CLOSE) <= 1
        bare = text.replace(_OPEN, "").replace(_CLOSE, "")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bare.encode(errors="surrogateescape"))
        if _OPEN not in text:
            return Region()
        start = text.index(_OPEN)
        return Region(*_place(bare, start), *_place(bare, text.index(_CLOSE) - 1))


def _place(text: str, at: int) -> tuple[int, int]:
    """Return the line and the column of a place, counted from 1."""
    line_start = text.rfind("\n", 0, at) + 1
    return text.count("\n", 0, at) + 1, at - line_start + 1


def _table(path: Path) -> Iterator[Plant]:
    for kind, row in yaml.safe_load(path.read_text("utf-8")).items():
        edits = tuple((edit[0], edit[1], *(edit[2:] or [1])) for edit in row.pop("edits", ()))
        yield Plant(kind, path.stem, edits=edits, **row)


def _with_a_mark(root: Path) -> None:
    path = root / "data" / "actors.ttl"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(b"\xef\xbb\xbf" + data)


def _in_wide_characters(root: Path) -> None:
    path = root / "data" / "actors.ttl"
    text = path.read_text("utf-8")
    path.unlink()
    path.write_text(text, "utf-16")


def _linked(root: Path) -> None:
    (root / "data" / "people.ttl").symlink_to("actors.ttl")


def _folder(root: Path) -> None:
    (root / "data" / "people.ttl").mkdir()


def _pipe(root: Path) -> None:
    os.mkfifo(root / "data" / "people.ttl")


def _large(root: Path) -> None:
    with (root / "data" / "people.ttl").open("wb") as file:
        file.truncate(20_000_001)


def _long(root: Path) -> None:
    text = f'<urn:a:b> <urn:a:c> "{"a" * (2**20 + 1)}" .\n'
    (root / "data" / "people.ttl").write_text(text)


def _long_name(root: Path) -> None:
    (root / "data" / "people.ttl").write_text(f"<urn:a:b> <urn:a:c> <urn:{'d' * 2048}> .\n")


def _twice(root: Path) -> None:
    (root / "data" / "people.ttl").write_bytes((root / "data" / "actors.ttl").read_bytes())


def _alike(root: Path) -> None:
    (root / "data" / "Actors.ttl").write_text("<urn:a:b> <urn:a:c> <urn:a:d> .\n")


def _no_shapes(root: Path) -> None:
    for path in (root / "shapes").glob("*.ttl"):
        path.unlink()


_PEOPLE = "data/people.ttl"
_BY_HAND: dict[Plant, tuple[Callable[[Path], None], Region]] = {
    Plant("byte-order-mark", "encoding", "data/actors.ttl", "bom", severity="warning"): (
        _with_a_mark,
        Region(),
    ),
    Plant("utf-16", "encoding", "data/actors.ttl", "utf-8"): (_in_wide_characters, Region()),
    Plant("link", "encoding", _PEOPLE, "symlink"): (_linked, Region()),
    Plant("folder-named-as-a-file", "encoding", _PEOPLE, "not-a-file"): (_folder, Region()),
    Plant("same-name-but-for-a-capital", "encoding", "data/actors.ttl", "file-name"): (
        _alike,
        Region(),
    ),
    Plant("pipe", "encoding", _PEOPLE, "not-a-file"): (_pipe, Region()),
    Plant("file-too-large", "encoding", _PEOPLE, "file-size"): (_large, Region()),
    Plant("literal-too-long", "syntax", _PEOPLE, "literal-size"): (
        _long,
        Region(1, 21, 1, 21 + 2**20 + 3),
    ),
    Plant("iri-too-long", "iris", _PEOPLE, "iri-size"): (_long_name, Region(1, 21, 1, 2075)),
    Plant("file-twice", "syntax", _PEOPLE, "duplicate-file"): (_twice, Region()),
    Plant("no-shapes", "shapes", "shapes", "no-target"): (_no_shapes, Region()),
}

PLANTS = {
    plant.kind: plant
    for plant in (
        *_BY_HAND,
        *(each for path in sorted((HERE / "planted").glob("*.yaml")) for each in _table(path)),
    )
}
_KINDS = pytest.mark.parametrize("kind", PLANTS)

Planted = Callable[[str], tuple[Path, Region]]
Told = Callable[[str], tuple[Report, Region]]


@pytest.fixture(scope="module", autouse=True)
def _once() -> Iterator[None]:
    """Lint a question once for all plants that leave it, and the names it may use, as they are."""
    found: dict[object, list[Finding]] = {}

    def remembered(path: str, text: str, known: Known, *, answered: bool) -> list[Finding]:
        names = (known.vocabulary.prefixes, known.vocabulary.declared, known.vocabulary.bases)
        key = (path, text, answered, frozenset(known.things), *map(str, names))
        if key not in found:
            found[key] = list(lint(path, text, known, answered=answered))
        return found[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linting, "lint", remembered)
        yield


@pytest.fixture(scope="module", name="planted")
def _planted(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Planted:
    """Return a function that plants a fault in a copy of the repository, once for all tests."""
    folder = tmp_path_factory.mktemp("planted")
    for name in _FOLDERS:
        shutil.copytree(checkout / name, folder / "clean" / name)

    @cache
    def spoilt(kind: str) -> tuple[Path, Region]:
        root = folder / kind
        shutil.copytree(folder / "clean", root, copy_function=os.link)
        plant = PLANTS[kind]
        if plant not in _BY_HAND:
            return root, plant.spoil(root)
        spoil, region = _BY_HAND[plant]
        spoil(root)
        return root, region

    return spoilt


@pytest.fixture(scope="module", name="told")
def _told(planted: Planted) -> Told:
    """Return a function that tells what validation finds of a kind, asked once for all tests."""

    @cache
    def found(kind: str) -> tuple[Report, Region]:
        root, region = planted(kind)
        return validation.validate(root), region

    return found


@_KINDS
def test_a_planted_fault_is_told_once_at_its_place(told: Told, kind: str) -> None:
    report, region = told(kind)
    plant = PLANTS[kind]

    assert [(each.file, each.region, each.rule.id, each.severity) for each in report.findings] == [
        (plant.file, region, plant.rule, plant.severity)
    ]


@_KINDS
def test_a_planted_fault_is_told_in_the_words_of_the_domain(told: Told, kind: str) -> None:
    (found,), plant = told(kind)[0].findings, PLANTS[kind]

    assert _OURS not in found.message
    assert found.message.endswith(".")
    assert found.layer != "constraints" or found.label in found.message
    assert found.message == plant.message or not plant.message
    assert found.hint == plant.hint or not plant.hint


@_KINDS
def test_a_planted_fault_is_in_all_seven_formats(told: Told, kind: str) -> None:
    report, region = told(kind)
    (found,), plant = report.findings, PLANTS[kind]
    place = (plant.file, region.line, region.column)
    expected = (*place, plant.severity, plant.rule, shown(found.message))

    assert {form: _read_back(form, report) for form in FORMATS} == dict.fromkeys(FORMATS, expected)


def _read_back(form: str, report: Report) -> tuple[str, int, int, str, str, str]:
    """Read the one finding of a report from one of its formats."""
    return _READERS[form](report_as(form, report))


def _of_line(text: str) -> tuple[str, int, int, str, str, str]:
    found = _LINE.fullmatch(text.splitlines()[0])
    assert found
    file, line, column, severity, rule, message = found.groups()
    return file, int(line), int(column), severity, rule, message


def _of_object(each: dict[str, Any]) -> tuple[str, int, int, str, str, str]:
    region = each["region"]
    message = shown(each["message"])
    return (
        each["file"],
        region["line"],
        region["column"],
        each["severity"],
        each["rule"]["id"],
        message,
    )


def _of_json(text: str) -> tuple[str, int, int, str, str, str]:
    (found,) = json.loads(text)["findings"]
    return _of_object(found)


def _of_json_lines(text: str) -> tuple[str, int, int, str, str, str]:
    (line,) = text.splitlines()
    return _of_object(json.loads(line))


def _of_github(text: str) -> tuple[str, int, int, str, str, str]:
    annotation, _summary = text.splitlines()
    found = _ANNOTATION.fullmatch(annotation)
    assert found
    severity, file, rule, line, _, column, _, message = (unquote(part) for part in found.groups())
    return file, int(line), int(column), severity, rule, message.splitlines()[0]


def _of_junit(text: str) -> tuple[str, int, int, str, str, str]:
    suite = ET.fromstring(text)  # noqa: S314  our own
    ((case, failure),) = ((case, each) for case in suite for each in case.iter("failure"))
    found = _of_line(failure.get("message", ""))
    assert found == _of_line((failure.text or "").strip())
    assert (case.get("name"), failure.get("type")) == (found[4], found[3])
    return found


def _of_sarif(text: str) -> tuple[str, int, int, str, str, str]:
    (run,) = json.loads(text)["runs"]
    (found,) = run["results"]
    (location,) = found["locations"]
    physical = location["physicalLocation"]
    region = physical["region"]
    file = unquote(physical["artifactLocation"]["uri"])
    message = found["message"]["text"].splitlines()[0].replace(r"]\u{28}", "](")
    assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
    return (
        file,
        region["startLine"],
        region["startColumn"],
        found["level"],
        found["ruleId"],
        message,
    )


_READERS: dict[str, Callable[[str], tuple[str, int, int, str, str, str]]] = {
    "full": _of_line,
    "concise": _of_line,
    "json": _of_json,
    "jsonl": _of_json_lines,
    "github": _of_github,
    "junit": _of_junit,
    "sarif": _of_sarif,
}


@pytest.mark.parametrize(
    "kind",
    [
        "byte-order-mark",
        "link",
        "dot-left-out",
        "prefix-that-nothing-uses",
        "relative-iri",
        "property-misspelt",
        "voice-that-nobody-describes",
        "shape-switched-off",
        "force-missing",
        "overlapping-passages",
        "answer-missing",
        "verdict-in-an-article",
    ],
)
def test_the_command_tells_a_planted_fault_and_ends_with_its_code(
    planted: Planted, kind: str
) -> None:
    root, region = planted(kind)
    plant = PLANTS[kind]
    run = subprocess.run(
        [sys.executable, "-m", "communique", "validate", "--root", root, "--format", "concise"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(validation.__file__).parents[1])},
    )

    assert run.stdout.splitlines()[0].startswith(
        f"{plant.file}:{region.line}:{region.column}: {plant.severity} {plant.rule}: "
    )
    assert (run.returncode, run.stderr) == (int(plant.severity == "error"), "")


def test_there_are_faults_of_every_layer_and_enough_of_them() -> None:
    assert {plant.layer for plant in PLANTS.values()} == set(LAYERS)
    assert len(PLANTS) >= 60
