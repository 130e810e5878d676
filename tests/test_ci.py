"""What other projects put into their CI is run here as they would run it."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from communique.cli import main
from conftest import HERE

ROOT = HERE.parent
_ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
_WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
_HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
_PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
_SNIPPETS = [
    yaml.safe_load(block)
    for block in re.findall(r"^```yaml\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
]
_STEPS = {step["name"]: step for step in _ACTION["runs"]["steps"] if "run" in step}
_BASH = shutil.which("bash")
_GIT = shutil.which("git")
_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")

pytestmark = pytest.mark.skipif(not (_BASH and _GIT), reason="no bash, or no git, to run it with")


def _git(folder: Path, *args: str) -> str:
    settings = ("user.name=a", "user.email=a@example.org", "init.defaultBranch=main")
    given = [part for setting in settings for part in ("-c", setting)]
    command = [str(_GIT), *given, *args]
    return subprocess.check_output(command, cwd=folder, text=True).strip()


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Path:
    """Return a clone of a repository of other people: a trade agreement, two statements."""
    workspace = Path(shutil.copytree(HERE / "foreign", tmp_path / "workspace"))
    _git(workspace, "init", "--quiet")
    _git(workspace, "add", ".")
    _git(workspace, "commit", "--quiet", "--no-verify", "-m", "Begin")
    return workspace


def _command(folder: Path) -> Path:
    """Make the command, as an installation has it."""
    path = folder / "communique" / "bin" / "communique"
    path.parent.mkdir(parents=True, exist_ok=True)
    library = str(Path(main.callback.__code__.co_filename).parents[1])  # type: ignore[union-attr]
    text = f"import sys; sys.path.insert(0, {library!r}); from communique.cli import main; main()"
    path.write_text(f"#!{sys.executable} -I\n{text}\n")
    path.chmod(0o755)
    return path


def _given(parent: str, inputs: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return what the expressions of the action stand for in a pull request."""
    known = {
        "github.action_path": str(ROOT),
        "github.event.pull_request.base.sha": parent,
        "runner.temp": str(folder),
        "steps.python.outputs.python-path": sys.executable,
    }
    for name, declared in _ACTION["inputs"].items():
        known[f"inputs.{name}"] = inputs.get(name, _filled(declared["default"], known))
    return known


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: known[found[1]], text)


def _run(
    step: str, workspace: Path, known: Mapping[str, str], script: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run a step of the action as a runner does."""
    environment = {name: _filled(text, known) for name, text in _STEPS[step]["env"].items()}
    path = workspace.parent / "step.sh"
    path.write_text(script or _STEPS[step]["run"])
    return subprocess.run(
        [str(_BASH), "--noprofile", "--norc", "-eo", "pipefail", path],
        cwd=workspace,
        env={"PATH": os.environ["PATH"], "HOME": str(workspace.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _validated(
    workspace: Path, parent: str = "", **inputs: str
) -> "subprocess.CompletedProcess[str]":
    _command(workspace.parent)
    named = {name.replace("_", "-"): value for name, value in inputs.items()}
    return _run("Validate", workspace, _given(parent, named, workspace.parent))


def _tested(workspace: Path, root: str = ".") -> "subprocess.CompletedProcess[str]":
    _command(workspace.parent)
    return _run("Test", workspace, _given("", {"root": root}, workspace.parent))


def _spoil(workspace: Path, old: str, new: str, file: str = "data/statements.ttl") -> None:
    path = workspace / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# The action


def test_a_sound_project_is_green(workspace: Path) -> None:
    done = _validated(workspace)

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"Checked 5 files, .* ([0-9]) of \1 shapes .* 0 errors\.\n", done.stdout)


def test_a_broken_triple_is_an_annotation_at_its_line(workspace: Path) -> None:
    _spoil(workspace, "trade:freedonia ;", "trade:fredonia ;")
    done = _validated(workspace)
    annotation = (
        "::error file=data/statements.ttl,title=unknown-name,line=7,endLine=7,col=16,endColumn=30::"
        "Nothing describes trade:fredonia."
    )

    assert done.returncode == 1
    assert done.stdout.startswith(annotation)
    assert done.stdout.count("::error") == 1


def test_files_are_named_from_the_workspace_where_annotations_belong(workspace: Path) -> None:
    graph = workspace / "graph"
    graph.mkdir()
    for name in ("ontology", "data", "shapes", "queries", "tests"):
        (workspace / name).rename(graph / name)
    _spoil(workspace, "trade:freedonia ;", "trade:fredonia ;", "graph/data/statements.ttl")
    done = _validated(workspace, root="graph", sarif="out.sarif")

    assert done.stdout.startswith("::error file=graph/data/statements.ttl,")
    assert '"uri": "graph/data/statements.ttl"' in (workspace / "out.sarif").read_text("utf-8")


def test_a_pull_request_cannot_loosen_its_own_judge(workspace: Path) -> None:
    base = _git(workspace, "rev-parse", "HEAD")
    shape = "shapes/trade.ttl"
    text = (workspace / shape).read_text("utf-8")
    (workspace / shape).write_text(text.replace("sh:minCount 2", "sh:minCount 1"))
    _spoil(workspace, "\n        trade:freedonia ,\n        ", " ", "data/agreement.ttl")
    _git(workspace, "commit", "--quiet", "--no-verify", "--all", "-m", "Loosen")

    assert _validated(workspace, base, shapes_from="").returncode == 0
    judged = _validated(workspace, base)
    assert judged.returncode == 1
    assert "An agreement has at least two parties." in judged.stdout


def test_what_the_base_had_already_is_not_told_with_base(workspace: Path) -> None:
    _spoil(workspace, "trade:freedonia ;", "trade:fredonia ;")
    _git(workspace, "commit", "--quiet", "--no-verify", "--all", "-m", "Err")
    _spoil(workspace, "trade:sylvania ;", "trade:silvania ;")
    done = _validated(workspace, base="HEAD")

    assert done.returncode == 1
    assert done.stdout.count("::error") == 1
    assert "trade:silvania" in done.stdout


def test_findings_are_written_for_code_scanning_too(workspace: Path) -> None:
    _spoil(workspace, "trade:freedonia ;", "trade:fredonia ;")
    done = _validated(workspace, sarif="out.sarif")
    results = json.loads((workspace / "out.sarif").read_text("utf-8"))["runs"][0]["results"]

    assert done.returncode == 1
    assert [result["ruleId"] for result in results] == ["unknown-name"]
    assert done.stdout.startswith("::error")


def test_known_findings_are_green_and_stale_ones_red(workspace: Path) -> None:
    sound = (workspace / "data" / "statements.ttl").read_text("utf-8")
    _spoil(workspace, "trade:freedonia ;", "trade:fredonia ;")
    command = [str(_command(workspace.parent)), "validate", "--root=.", "--baseline=known.jsonl"]
    subprocess.run([*command, "--update"], cwd=workspace, check=True, capture_output=True)
    (workspace / "data" / "statements.ttl").write_text(sound)
    done = _validated(workspace, baseline="known.jsonl")

    assert done.returncode == 1
    assert "file=known.jsonl" in done.stdout


@pytest.mark.parametrize(
    "inputs",
    [
        {"root": "nowhere"},
        {"base": "nobody"},
        {"shapes_from": "nobody"},
        {"fail_on": "never"},
        {"baseline": "nowhere.jsonl"},
        {"sarif": "no/folder/x.sarif"},
    ],
)
def test_what_cannot_run_is_never_green(workspace: Path, inputs: dict[str, str]) -> None:
    done = _validated(workspace, **inputs)

    assert done.returncode == 2
    assert re.search(r"^Error: ", done.stderr, re.MULTILINE)


def test_the_stored_answers_are_compared_after_the_validation(workspace: Path) -> None:
    done = _tested(workspace)

    assert list(_STEPS) == ["Install", "Validate", "Test"]
    assert [step for step in _STEPS.values() if {"if", "continue-on-error"} & step.keys()] == []
    assert done.returncode == 0, done.stderr
    assert "1 question, all answered as stored." in done.stdout.splitlines()


def test_an_answer_that_differs_is_red_and_shown(workspace: Path) -> None:
    _spoil(workspace, "trade:freedonia ;", "trade:sylvania ;")
    graph = workspace / "graph"
    graph.mkdir()
    for name in ("ontology", "data", "shapes", "queries", "tests"):
        (workspace / name).rename(graph / name)
    done = _tested(workspace, "graph")

    assert _validated(workspace, root="graph").returncode == 0
    assert done.returncode == 1
    assert "  - Freedonia | herring agreement" in done.stdout.splitlines()


def test_what_rows_hold_is_no_command_to_the_runner(workspace: Path) -> None:
    _spoil(workspace, '"Freedonia"', '"""x\n::error::hit"""', "data/agreement.ttl")
    first, second = _tested(workspace), _tested(workspace)
    begin, *said, end = first.stdout.splitlines()

    assert first.returncode == 1
    assert "::error::hit" in "\n".join(said)
    assert re.fullmatch(r"::stop-commands::[0-9a-f]{32}", begin)
    assert end == f"::{begin.rpartition(':')[2]}::"
    assert second.stdout.splitlines()[0] != begin


def test_a_project_that_stores_no_answer_is_told_that_none_is_compared(workspace: Path) -> None:
    shutil.rmtree(workspace / "tests")
    done = _tested(workspace)

    assert (done.returncode, done.stdout) == (0, "No tests/answers: no answer was compared.\n")
    assert "title=query-answer," in _validated(workspace).stdout


@pytest.mark.parametrize("folder", ["$(touch hit)`touch hit`", "--help", "'; touch hit; \"x"])
def test_the_folder_of_a_test_is_not_read_as_a_command(workspace: Path, folder: str) -> None:
    graph = workspace / folder
    graph.mkdir()
    for name in ("ontology", "data", "shapes", "queries", "tests"):
        (workspace / name).rename(graph / name)
    done = _tested(workspace, folder)

    assert done.returncode == 0, done.stderr
    assert "1 question, all answered as stored." in done.stdout
    assert [path.name for path in workspace.iterdir() if path.name != ".git"] == [folder]


_HOSTILE = [
    "$(touch hit)`touch hit`",
    "x\n::error::hit",
    "--help",
    '\'; touch hit; "; touch hit; "',
]


@pytest.mark.parametrize("value", _HOSTILE)
@pytest.mark.parametrize("name", ["root", "base", "shapes_from", "fail_on", "baseline"])
def test_no_input_is_read_as_a_command_or_an_option(workspace: Path, name: str, value: str) -> None:
    before = sorted(workspace.rglob("*"))
    done = _validated(workspace, **{name: value})

    assert done.returncode == 2
    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if line.startswith("::")] == []
    assert sorted(workspace.rglob("*")) == before


def test_no_script_is_written_by_an_expression() -> None:
    scripts = [step["run"] for step in _ACTION["runs"]["steps"] if "run" in step]

    assert len(scripts) == 3
    assert [script for script in scripts if "${{" in script] == []


def test_every_input_reaches_the_command() -> None:
    used = set(_EXPRESSION.findall(" ".join(_STEPS["Validate"]["env"].values())))

    assert {f"inputs.{name}" for name in _ACTION["inputs"]} <= used


def test_the_installation_takes_only_what_is_locked(workspace: Path) -> None:
    log = workspace.parent / "log"
    shim = workspace.parent / "python"
    shim.write_text(
        f'#!{_BASH}\nprintf "%q " "$@" >> "{log}"; echo >> "{log}"\n'
        'if [[ "$*" == *venv* ]]; then mkdir -p "${@: -1}/bin"; cp "$0" "${@: -1}/bin/python"; fi\n'
    )
    shim.chmod(0o755)
    known = _given("", {}, workspace.parent) | {"steps.python.outputs.python-path": str(shim)}
    done = _run("Install", workspace, known)
    calls = [shlex.split(line) for line in log.read_text("utf-8").splitlines()]

    assert done.returncode == 0, done.stderr
    assert [call[:3] for call in calls] == [["-I", "-m", "venv"], *[["-I", "-m", "pip"]] * 2]
    assert calls[1][-4:] == [
        "--no-deps",
        "--require-hashes",
        "--requirement",
        f"{ROOT}/requirements.lock",
    ]
    assert calls[2][-4:] == ["--no-deps", "--no-index", "--no-build-isolation", str(ROOT)]


def test_nothing_in_the_workspace_stands_in_for_a_module(workspace: Path) -> None:
    for name in ("venv", "pip", "communique", "click", "yaml"):
        (workspace / f"{name}.py").write_text("open('hit', 'w').close()\n")
    known = _given("", {}, workspace.parent)
    script = '"$PYTHON" -I -m venv --without-pip "$VENV"; "$VENV/bin/python" -I -m pip || true\n'
    _run("Install", workspace, known, script)
    _validated(workspace)

    assert not (workspace / "hit").exists()
    assert all("-I -m" in line for line in _STEPS["Install"]["run"].splitlines()[:2])


# This repository's own workflow


def _uses() -> Iterator[str]:
    jobs = _WORKFLOW["jobs"].values()
    for steps in [*(job["steps"] for job in jobs), _ACTION["runs"]["steps"], _GITHUB_STEPS]:
        yield from (step["uses"] for step in steps if "uses" in step)


_GITHUB_STEPS = _SNIPPETS[0]["jobs"]["graph"]["steps"]


def test_every_action_of_others_is_pinned_to_a_commit() -> None:
    loose = {
        name
        for name in _uses()
        if name not in {"./", "OWNER/communique@COMMIT"}
        and not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name)
    }
    pins = {name.partition("@")[0]: set[str]() for name in _uses()}
    for name in _uses():
        pins[name.partition("@")[0]].add(name)

    assert loose == set()
    assert [found for found in pins.values() if len(found) > 1] == []


def test_the_workflow_has_no_more_rights_than_it_needs() -> None:
    jobs = [job for name, job in _WORKFLOW["jobs"].items() if name != "required"]
    steps = [step for job in jobs for step in job["steps"]]
    checkouts = [step["with"] for step in steps if "checkout" in step.get("uses", "")]

    assert _WORKFLOW["permissions"] == {}
    assert [job["permissions"] for job in jobs] == [{"contents": "read"}] * len(jobs)
    assert [given["persist-credentials"] for given in checkouts] == [False] * len(jobs)
    assert "pull_request_target" not in _WORKFLOW[True]


def test_all_jobs_are_required() -> None:
    required = _WORKFLOW["jobs"]["required"]
    others = [name for name in _WORKFLOW["jobs"] if name != "required"]

    assert sorted(required["needs"]) == sorted(others)
    assert " ".join(["success"] * len(others)) in required["steps"][0]["run"]


def test_the_workflow_runs_what_the_makefile_has() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    runs = [
        step["run"] for job in _WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step
    ]
    made = [found for run in runs for found in re.findall(r"^make ([a-z]+)$", run, re.MULTILINE)]

    assert set(made) <= set(targets)
    assert {"lint", "build", "wheel"} <= set(made)


def test_the_workflow_uses_the_action_on_the_whole_history() -> None:
    checkout, action = _WORKFLOW["jobs"]["validate"]["steps"]

    assert checkout["with"]["fetch-depth"] == 0
    assert action == {"uses": "./"}


def test_the_workflow_installs_the_server_that_the_gate_installs() -> None:
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    steps = " ".join(step.get("run", "") for step in _WORKFLOW["jobs"]["test"]["steps"])

    assert set(re.findall(r"virtuoso-[\w-]+-(?:bin|common)", gate)) == set(
        re.findall(r"virtuoso-[\w-]+-(?:bin|common)", steps)
    )


# The hooks


def _hook(workspace: Path, hook: Mapping[str, Any]) -> "subprocess.CompletedProcess[str]":
    command, *rest = shlex.split(hook["entry"])
    assert command == "communique"
    made = _command(workspace.parent)
    args = [str(made), *rest, *hook.get("args", [])]
    return subprocess.run(args, cwd=workspace, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", _HOOKS, ids=lambda hook: hook["id"])
def test_each_hook_is_green_on_a_sound_project_and_changes_nothing(
    workspace: Path, hook: dict[str, Any]
) -> None:
    done = _hook(workspace, hook)

    assert done.returncode == 0, done.stdout + done.stderr
    assert _git(workspace, "status", "--short") == ""


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("communique-validate", "trade:freedonia ;", "trade:fredonia ;"),
        ("communique-test", "trade:freedonia ;", "trade:sylvania ;"),
    ],
)
def test_a_hook_is_red_where_its_check_fails(
    workspace: Path, name: str, old: str, new: str
) -> None:
    _spoil(workspace, old, new)
    (hook,) = (each for each in _HOOKS if each["id"] == name)

    assert _hook(workspace, hook).returncode == 1


def test_the_formatting_hook_mends_the_file(workspace: Path) -> None:
    path = workspace / "data" / "statements.ttl"
    sound = path.read_text("utf-8")
    path.write_text(sound.replace("\n    ", "  \n"), encoding="utf-8")
    done = _hook(workspace, _HOOKS[0])

    assert done.returncode == 0, done.stderr
    assert path.read_text("utf-8") == sound


@pytest.mark.parametrize("hook", _HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_starts_for_the_files_that_it_reads(hook: dict[str, Any]) -> None:
    files = {
        "communique-fmt": ["data/x.ttl", "queries/x.rq", "graph/queries/x.rq"],
        "communique-validate": ["data/x.ttl", "queries/x.rq", "graph/shapes/x.ttl", "data/x.json"],
        "communique-test": ["data/x.ttl", "queries/x.rq", "tests/answers/x.csv"],
    }

    assert all(re.search(hook["files"], name) for name in files[hook["id"]])
    assert not re.search(hook["files"], "README.md")
    assert hook["pass_filenames"] is False
    assert hook["language"] == "python"


# The page


def test_the_page_shows_three_places() -> None:
    assert [next(iter(snippet)) for snippet in _SNIPPETS] == ["name", "graph", "repos"]


def test_the_lines_for_github_are_those_that_are_run_here() -> None:
    checkout, action = _GITHUB_STEPS
    ours = _WORKFLOW["jobs"]["validate"]["steps"][0]

    assert checkout == ours
    assert action == {"uses": "OWNER/communique@COMMIT"}
    assert _SNIPPETS[0]["permissions"] == {"contents": "read"}


def test_the_page_tells_of_each_input() -> None:
    told = re.findall(r"^\| `([\w-]+)` \|", _PAGE, re.MULTILINE)

    assert told == list(_ACTION["inputs"])


def test_the_lines_for_gitlab_run(workspace: Path) -> None:
    install, *script = _SNIPPETS[1]["graph"]["script"]
    _command(workspace.parent)
    path = f"{workspace.parent}/communique/bin:{os.environ['PATH']}"
    for line in script:
        done = subprocess.run(
            [str(_BASH), "-eo", "pipefail", "-c", line],
            cwd=workspace,
            env={"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, line + done.stderr

    assert install.startswith("pip install ")
    assert all(
        (workspace / name).read_text("utf-8").startswith("<?xml")
        for name in _SNIPPETS[1]["graph"]["artifacts"]["reports"]["junit"]
    )


def test_the_lines_for_pre_commit_name_the_hooks() -> None:
    named = [hook["id"] for hook in _SNIPPETS[2]["repos"][0]["hooks"]]

    assert named == [hook["id"] for hook in _HOOKS]


def test_the_commands_on_the_page_run(workspace: Path) -> None:
    shown = re.findall(r"`(communique validate [^`\n]*)`", _PAGE)
    made = _command(workspace.parent)
    codes = [
        subprocess.run([made, *shlex.split(line)[1:]], cwd=workspace, check=False).returncode
        for line in shown
    ]

    assert len(shown) == 2
    assert codes == [0, 0]


def test_the_last_line_on_the_page_is_what_a_sound_project_prints(workspace: Path) -> None:
    (line,) = re.findall(r"^    (Checked .*)$", _PAGE, re.MULTILINE)

    assert _validated(workspace).stdout == f"{line}\n"
