"""Whatever a stranger sends is told of in words, and reaches neither the network nor other files.

`tests/hostile/cases.csv` lists each case: the file (those of `made:` come from hostile/made.py),
where it goes in a copy of the tiny project, the exit code, the rules, and the line and column of
the first finding. A case without a rule passes the gate: if it has findings, they are of a later
layer.
"""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from communique.errors import CommuniqueError
from communique.findings import Finding
from communique.intake import documents
from communique.refusals import RULES
from conftest import HERE, Run
from hostile.made import MAKERS, make

_CORPUS = HERE / "hostile"
_MADE = "made:"
_KEPT_APART = "only-the-owner-reads-this"
_SECONDS = 10.0
_MEMORY = 2**30
_ALONE = re.compile(r"made:(?:.*brackets|parentheses|.*triple-terms|query-|select-|header-|many-)")
"""Which cases get a process of their own: an engine that saw them might not live."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="makes links and pipes")


_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Case:
    """One hostile file, and what is to be said of it."""

    name: str
    target: str
    exit: int
    rules: frozenset[str]
    place: str

    def put(self, project: Path, secret: Path, address: str) -> None:
        """Put the file into a project, with a real address and a real path in it."""
        path = project / self.target
        if self.name.startswith(_MADE):
            make(self.name.removeprefix(_MADE), path, secret)
            return
        data = (_CORPUS / "files" / self.name).read_bytes()
        data = data.replace(b"URL/", address.encode())
        path.write_bytes(data.replace(b"file:SECRET", secret.as_uri().encode()))


def _cases() -> list[Case]:
    with (_CORPUS / "cases.csv").open(encoding="utf-8", newline="") as file:
        return [
            Case(
                row["case"],
                row["target"].encode().decode("unicode_escape"),
                int(row["exit"]),
                frozenset(row["rule"].split()),
                row["place"],
            )
            for row in csv.DictReader(file)
        ]


CASES = _cases()


@contextmanager
def _listener() -> Iterator[tuple[str, list[str]]]:
    """Listen on the loopback; give the address, and what anybody sent."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            with suppress(OSError):
                while True:
                    visitor, _ = server.accept()
                    with visitor:
                        visitor.settimeout(1)
                        heard.append(visitor.recv(300).decode(errors="replace"))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture(name="secret")
def _secret(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "secret.ttl"
    path.parent.mkdir()
    path.write_text(f'<urn:secret> <urn:b> "{_KEPT_APART}" .\n', encoding="utf-8")
    return path


def _project(folder: Path, case: Case, secret: Path, address: str) -> Path:
    """Copy the tiny project and put the case into it."""
    project = Path(shutil.copytree(HERE / "project", folder))
    case.put(project, secret, address)
    return project


def _said(findings: list[Finding]) -> tuple[frozenset[str], str]:
    first = findings[0].region if findings else None
    rules = frozenset(finding.rule.id for finding in findings)
    return rules, f"{first.line}:{first.column}" if first else ""


# The gate


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_gate_names_the_rule_and_the_place(case: Case, tmp_path: Path, secret: Path) -> None:
    project = _project(tmp_path / "project", case, secret, "http://127.0.0.1:9/")
    if case.exit > 1:
        with pytest.raises(CommuniqueError):
            documents(project)
        return
    passed, findings = documents(project)
    rules, place = _said(findings)

    assert rules == case.rules
    assert place == case.place or not case.place
    refused = {finding.file for finding in findings if finding.severity == "error"}
    assert not refused & {document.path for document in passed}
    assert all(_KEPT_APART not in document.text for document in passed)
    for finding in findings:
        assert finding.layer == RULES[finding.rule.id][0]
        assert finding.hint
        assert len(str(finding).splitlines()) == 1


def test_every_rule_of_the_gate_is_broken_by_some_case() -> None:
    """But those that need a disk full of files, or a file that root cannot read."""
    broken = {rule for case in CASES for rule in case.rules}

    assert set(RULES) - broken <= {"total-size"}


def test_the_corpus_is_as_large_as_promised_and_has_no_file_to_spare() -> None:
    names = [case.name for case in CASES]
    files = {path.name for path in (_CORPUS / "files").iterdir()}
    made = {name.removeprefix(_MADE) for name in names if name.startswith(_MADE)}

    assert len(names) == len(set(names)) >= 150
    assert files == {name for name in names if not name.startswith(_MADE)}
    assert made <= set(MAKERS)
    folders = Counter(case.target.split("/")[0] for case in CASES if case.exit)
    assert min(folders["data"], folders["shapes"], folders["queries"]) >= 40


# The command


@pytest.fixture(scope="module", name="runs")
def _runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run the command on every case, many in a process, and tell how each ended."""
    folder = tmp_path_factory.mktemp("hostile")
    secret = folder / "elsewhere" / "secret.ttl"
    secret.parent.mkdir()
    secret.write_text(f'<urn:secret> <urn:b> "{_KEPT_APART}" .\n', encoding="utf-8")
    with _listener() as (address, heard):
        roots = {
            case.name: str(_project(folder / str(number), case, secret, address))
            for number, case in enumerate(CASES)
        }
        alone = [name for name in roots if _ALONE.match(name)]
        groups = [[name for name in roots if name not in alone], *([name] for name in alone)]
        ends = {
            name: end
            for group in groups
            for name, end in zip(group, _batch([roots[name] for name in group]), strict=True)
        }
    return {"ends": ends, "heard": heard}


def _batch(roots: list[str]) -> list[dict[str, Any]]:
    """Run the command in a child on each folder; where the child dies, a new one goes on."""
    ends: list[dict[str, Any]] = []
    while len(ends) < len(roots):
        left = roots[len(ends) :]
        done = subprocess.run(
            [sys.executable, _CORPUS / "batch.py"],
            input="\n".join(left) + "\n",
            capture_output=True,
            text=True,
            timeout=_SECONDS * len(left) + 60,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        ends += [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode:
            crash = f"the process ended with {done.returncode}: {done.stderr[-300:]}"
            ends.append({"exit": done.returncode, "output": "", "bug": crash} | _NOTHING)
    return ends[: len(roots)]


_NOTHING = {"seconds": 0.0, "memory": 0}
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_case
def test_the_command_ends_as_listed_and_says_why(case: Case, runs: dict[str, Any]) -> None:
    end = runs["ends"][case.name]

    assert end["bug"] == ""
    assert end["exit"] == case.exit, end["output"]
    for rule in case.rules:
        place = case.place if len(case.rules) == 1 else ""
        assert re.search(rf":{place or '[0-9]+:[0-9]+'}: (?:error|warning) {rule}\b", end["output"])
    if case.exit == 1 and not case.rules:
        assert re.search(
            r"^[^\s:]+(?:/[^\s:]+)?:[0-9]+:[0-9]+: error ", end["output"], re.MULTILINE
        )


@each_case
def test_the_command_is_quick_small_and_shows_nothing_that_steers(
    case: Case, runs: dict[str, Any]
) -> None:
    end = runs["ends"][case.name]

    assert end["seconds"] < _SECONDS
    assert end["memory"] < _MEMORY
    assert "Traceback" not in end["output"]
    assert _KEPT_APART not in end["output"]
    assert not _STEERING.search(end["output"])
    assert not re.search(r"^::|\r", end["output"], re.MULTILINE)


@pytest.mark.parametrize("form", ["concise", "github", "json", "jsonl", "junit", "sarif"])
@pytest.mark.parametrize("kind", ["shown-", "name-"])
def test_no_format_lets_hostile_words_out(
    run: Run, project: Path, secret: Path, kind: str, form: str
) -> None:
    """Neither as an annotation of their own, nor as a colour, nor as markup."""
    kept = [each for each in CASES if each.name.startswith(kind)]
    cases = [each for each in kept if kind == "shown-" or each.rules == {"file-name"}]
    for number, case in enumerate(cases):
        target = f"data/shown-{number}.ttl" if kind == "shown-" else case.target
        replace(case, target=target).put(project, secret, "http://127.0.0.1:9/")
    result = run("validate", "--root", project, "--format", form)
    lines = result.output.splitlines()
    annotations = [line for line in lines if line.startswith("::")]

    assert len(cases) >= 4
    assert result.exit_code == 1
    assert not _STEERING.search(result.output)
    assert not [line for line in annotations if not _ANNOTATION.match(line)]
    if form == "github":
        assert len(annotations) >= len(cases)
    else:
        assert annotations == []
    if form in {"json", "sarif"}:
        json.loads(result.output)
    if form == "junit":
        tree = ET.fromstring(result.output)  # noqa: S314  our own output
        assert {element.tag for element in tree.iter()} <= _JUNIT


_ANNOTATION = re.compile(r"::(?:error|warning) file=data/[^:,]+,title=[^:,]+,line=[^:]+::")
_JUNIT = {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"}


def test_nobody_is_called(runs: dict[str, Any]) -> None:
    calling = [path for path in (_CORPUS / "files").iterdir() if b"URL/" in path.read_bytes()]

    assert len(calling) >= 40
    assert runs["heard"] == []


def test_the_listener_hears_who_calls() -> None:
    with _listener() as (address, heard):
        host, port = address.removeprefix("http://").strip("/").split(":")
        with socket.create_connection((host, int(port))) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\n\r\n")
            caller.recv(1)

    assert heard == ["GET / HTTP/1.1\r\n\r\n"]
