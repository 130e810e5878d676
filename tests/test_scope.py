"""What is told of all that is checked: of some files, of a range, beside a baseline."""

import json
import subprocess
from pathlib import Path

import pytest

from communique.reporting import FORMATS
from conftest import Run

_ARTICLE = Path("data/articles/1933-11-17-herring.ttl")
_ACTORS = Path("data/actors.ttl")


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _git(project: Path, *args: str) -> None:
    name = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *name, *args], cwd=project, check=True, capture_output=True)  # noqa: S607  whatever git is


@pytest.fixture
def repository(project: Path) -> Path:
    """Return the tiny project, committed."""
    _git(project, "init", "--quiet", "--initial-branch=main")
    _git(project, "add", ".")
    _git(project, "commit", "--quiet", "--message", "Begin")
    return project


def _lines(run: Run, project: Path, *args: str | Path) -> list[str]:
    return run("validate", "--root", project, "--format", "concise", *args).stdout.splitlines()[:-1]


def test_paths_narrow_what_is_told_and_not_what_is_checked(run: Run, project: Path) -> None:
    _edit(project / _ARTICLE, "cmq:force cmqv:accept", "cmq:force cmqv:accept , cmqv:assert")

    assert _lines(run, project, project / "ontology") == []
    assert [line.split(":")[0] for line in _lines(run, project, project / "data")] == [
        _ARTICLE.as_posix()
    ]


def test_a_path_that_does_not_exist_is_an_error(run: Run, project: Path) -> None:
    result = run("validate", "--root", project, project / "dta")

    assert (result.exit_code, result.stderr.splitlines()) == (
        2,
        [f"Error: {project}/dta: no such file. Check the path"],
    )


def test_a_baseline_hides_what_is_known_and_the_layers_after_it_are_checked(
    run: Run, project: Path, tmp_path: Path
) -> None:
    known = tmp_path / "known.jsonl"
    _edit(project / _ARTICLE, "actor:sylvania", "actor:silvania")
    written = run("validate", "--root", project, "--baseline", known, "--update")
    result = run("validate", "--root", project, "--baseline", known)

    assert (written.exit_code, written.stdout) == (0, f"{known}: 2 findings.\n")
    assert (result.exit_code, result.stdout) == (
        0,
        (
            "Checked 9 files, 77 triples, 2 statements; 2 of 2 shapes had something to check. "
            "0 errors, 2 more in the baseline.\n"
        ),
    )


def test_what_a_baseline_lists_and_nobody_finds_any_more_is_a_finding(
    run: Run, project: Path, tmp_path: Path
) -> None:
    known = tmp_path / "known.jsonl"
    _edit(project / _ARTICLE, "actor:sylvania", "actor:silvania")
    run("validate", "--root", project, "--baseline", known, "--update")
    _edit(project / _ARTICLE, "actor:silvania", "actor:sylvania")
    result = run("validate", "--root", project, "--baseline", known, "--format", "concise")

    assert result.exit_code == 1
    assert [line.split(": ")[1] for line in result.stdout.splitlines()[:-1]] == [
        "error baseline",
        "error baseline",
    ]


def test_a_range_tells_what_it_brought_and_not_what_was_there(run: Run, repository: Path) -> None:
    _edit(repository / _ARTICLE, "cmq:force cmqv:accept", "cmq:force cmqv:accept , cmqv:assert")
    _git(repository, "commit", "--all", "--message", "Add a warning")
    assert _lines(run, repository, "--changed") == []

    _edit(repository / _ARTICLE, "    cmq:voice actor:sylvania ;\n", "")
    found = _lines(run, repository, "--changed")

    assert [line.split(": ")[1] for line in found] == ["error shape:Statement-voice"]
    assert len(_lines(run, repository, "--changed", "HEAD~1")) == len(found) + 1


def test_a_range_tells_what_it_breaks_in_a_file_that_it_does_not_touch(
    run: Run, repository: Path
) -> None:
    _edit(repository / _ACTORS, "actor:sylvania\n", "actor:silvania\n")
    (line,) = _lines(run, repository, "--changed")

    assert line.startswith(f"{_ARTICLE.as_posix()}:12:15: error unknown-name: ")


def test_a_change_cannot_loosen_its_own_judge(run: Run, repository: Path) -> None:
    _edit(repository / "shapes" / "statement.ttl", "    sh:minCount 1 ;\n", "")
    _edit(repository / _ARTICLE, "    cmq:voice actor:sylvania ;\n", "")

    assert [line.split(": ")[1] for line in _lines(run, repository)] == []
    assert [line.split(": ")[1] for line in _lines(run, repository, "--shapes-from", "HEAD")] == [
        "error shape:Statement-voice",
        "warning loosened-shape",
    ]


def test_a_rule_of_a_revision_says_that_its_line_is_there(run: Run, repository: Path) -> None:
    _edit(repository / "shapes" / "statement.ttl", "PREFIX sh:", "\n\nPREFIX sh:")
    _edit(repository / _ARTICLE, "    cmq:voice actor:sylvania ;\n", "")
    asked = ("validate", "--root", repository, "--shapes-from", "HEAD", "--format")
    told = {form: run(*asked, form).stdout for form in FORMATS}
    (found,) = json.loads(told["json"])["findings"]
    place = f"{found['rule']['file']}:{found['rule']['line']} at HEAD"

    assert found["rule"]["revision"] == "HEAD"
    assert {form for form, text in told.items() if place in text} == {
        "full",
        "github",
        "junit",
        "sarif",
    }
    assert "relatedLocations" not in told["sarif"]


def test_a_rule_that_stands_as_it_stood_is_pointed_at_as_it_is(run: Run, repository: Path) -> None:
    _edit(repository / _ARTICLE, "    cmq:voice actor:sylvania ;\n", "")
    asked = ("validate", "--root", repository, "--shapes-from", "HEAD", "--format")
    (found,) = json.loads(run(*asked, "json").stdout)["findings"]

    assert found["rule"]["revision"] == ""
    assert "relatedLocations" in run(*asked, "sarif").stdout


def test_a_revision_that_does_not_exist_is_one_clear_line(run: Run, repository: Path) -> None:
    result = run("validate", "--root", repository, "--changed", "nowhere")

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("Error: nowhere: no commit of this name is here.")


def test_warnings_fail_if_asked_to(run: Run, project: Path) -> None:
    _edit(project / _ARTICLE, "cmq:force cmqv:accept", "cmq:force cmqv:accept , cmqv:assert")

    assert run("validate", "--root", project).exit_code == 0
    assert run("validate", "--root", project, "--fail-on", "warning").exit_code == 1


def test_what_keeps_a_layer_from_being_checked_is_told_wherever_it_stands(
    run: Run, project: Path
) -> None:
    _edit(project / _ACTORS, "actor:sylvania\n", "actor:silvania\n")
    result = run("validate", "--root", project, "--format", "concise", project / "ontology")

    assert result.exit_code == 1
    assert result.stdout.startswith(f"{_ARTICLE.as_posix()}:12:15: error unknown-name: ")
