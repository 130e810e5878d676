"""What a range of revisions changes is found whatever a repository does to hide it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communique import revisions
from communique.errors import CommuniqueError

_DATA = "data/x.ttl"
_LINES = [f"<urn:s{n}> <urn:p> {n} ." for n in range(1, 11)]


def _git(root: Path, *args: str) -> str:
    fixed = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": os.environ["PATH"],
    }
    command = ["git", "-c", "init.defaultBranch=main", *args]
    done = subprocess.run(command, cwd=root, env=fixed, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _commit(root: Path, message: str = "x") -> str:
    _git(root, "add", "--all", "--force", ".")
    _git(root, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)
    return _git(root, "rev-parse", "HEAD")


def _write(root: Path, lines: list[str], path: str = _DATA, end: str = "\n") -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes("".join(line + end for line in lines).encode())


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    """Return a project in a subfolder of a repository, with one commit."""
    _git(tmp_path, "init", "--quiet")
    root = tmp_path / "graph"
    _write(root, _LINES)
    _write(root, ["<urn:shape> <urn:p> 1 ."], "shapes/x.ttl")
    (tmp_path / "other.txt").write_text("not of the project\n")
    _commit(tmp_path)
    return root


# What is changed


def test_nothing_is_changed_where_nothing_was_done(root: Path) -> None:
    assert revisions.changed(root) == {}


def _with(lines: list[str], place: int, *more: str, instead: int = 0) -> list[str]:
    return [*lines[:place], *more, *lines[place + instead :]]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (_with(_LINES, 3, "<urn:new> <urn:p> 1 ."), {4}),
        (_with(_LINES, 3, "<urn:s4> <urn:p> 40 .", instead=1), {4}),
        (_with(_LINES, 0, "", ""), {1, 2}),
        (_with(_LINES, 4, instead=2), {4, 5}),
        (_with(_LINES, 0, instead=1), {1}),
        (_with(_LINES, 9, instead=1), {9}),
        ([*_LINES[:2], "<urn:a> <urn:p> 1 .", *_LINES[2:8], "<urn:b> <urn:p> 1 ."], {3, 10}),
        ([*_LINES, "@@ -1 +99 @@"], {11}),
    ],
)
def test_changed_lines_are_named_and_those_beside_a_deletion(
    root: Path, lines: list[str], expected: set[int]
) -> None:
    _write(root, lines)

    assert revisions.changed(root) == {_DATA: expected}


def test_commits_staged_work_loose_work_and_new_files_count_alike(root: Path) -> None:
    _write(root, [*_LINES, "<urn:a> <urn:p> 1 ."])
    _commit(root)
    _write(root, [*_LINES, "<urn:a> <urn:p> 1 .", "<urn:b> <urn:p> 1 ."])
    _git(root, "add", "data")
    _write(root, [*_LINES, "<urn:a> <urn:p> 1 .", "<urn:b> <urn:p> 1 .", "<urn:c> <urn:p> 1 ."])
    _write(root, ["<urn:d> <urn:p> 1 ."], "data/new.ttl")

    assert revisions.changed(root, "HEAD~1") == {_DATA: {11, 12, 13}, "data/new.ttl": {1}}
    assert revisions.changed(root) == {_DATA: {12, 13}, "data/new.ttl": {1}}


def test_what_the_other_side_did_meanwhile_does_not_count(root: Path) -> None:
    _git(root, "branch", "base")
    _write(root, [*_LINES, "<urn:mine> <urn:p> 1 ."])
    _commit(root)
    _git(root, "checkout", "--quiet", "base")
    _write(root, ["<urn:theirs> <urn:p> 1 .", *_LINES])
    _commit(root)
    _git(root, "checkout", "--quiet", "main")

    assert revisions.changed(root, "base") == {_DATA: {11}}


def test_a_renamed_file_is_compared_with_what_it_was(root: Path) -> None:
    (root / _DATA).rename(root / "data" / "y.ttl")

    assert revisions.changed(root) == {_DATA: set()}
    _write(root, _with(_LINES, 3, "<urn:new> <urn:p> 1 ."), "data/y.ttl")
    assert revisions.changed(root) == {_DATA: set(), "data/y.ttl": {4}}


def test_a_file_that_is_gone_has_no_lines(root: Path) -> None:
    (root / _DATA).unlink()

    assert revisions.changed(root) == {_DATA: set()}


def test_line_ends_and_a_mark_in_front_are_no_change(root: Path) -> None:
    _write(root, _LINES, end="\r\n")

    assert revisions.changed(root) == {}


def test_lines_are_counted_as_findings_count_them(root: Path) -> None:
    _write(root, _LINES, end="\r")
    _commit(root)
    _write(root, _with(_LINES, 3, "<urn:new> <urn:p> 1 ."), end="\r")

    assert revisions.changed(root) == {_DATA: {4}}


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.sampled_from(["", "a", "b", "+a", "-b", "@@ -1 +1 @@"]), max_size=8),
    st.lists(st.sampled_from(["", "a", "b", "+a", "-b", "@@ -1 +1 @@"]), max_size=8),
)
def test_the_lines_that_are_not_named_were_there_before(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str]
) -> None:
    root = tmp_path_factory.mktemp("repository")
    _git(root, "init", "--quiet")
    _write(root, before)
    _commit(root)
    _write(root, after)
    named = revisions.changed(root).get(_DATA, set())
    rest = iter(before)

    assert all(line in rest for number, line in enumerate(after, 1) if number not in named)


@pytest.mark.parametrize("name", ["ä ö.ttl", "a\nb.ttl", 'q"u.ttl', "-x.ttl", ":(glob)x.ttl"])
def test_odd_names_are_names(root: Path, name: str) -> None:
    _write(root, _LINES, f"data/{name}")
    _commit(root)
    _write(root, _LINES[1:], f"data/{name}")

    assert revisions.changed(root) == {f"data/{name}": {1}}


def test_a_link_is_named_and_not_read(root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<urn:secret> <urn:p> 1 .")
    (root / "data" / "link.ttl").symlink_to(secret)
    (root / "data" / "folder").symlink_to(tmp_path)

    assert revisions.changed(root) == {"data/folder": {1}, "data/link.ttl": {1}}


# What a repository cannot do


def _trap(root: Path, marker: Path) -> str:
    trap = root.parent / ".git" / "trap"
    trap.write_text(f"#!/bin/sh\necho run >> '{marker}'\ncat\n")
    trap.chmod(0o755)
    return str(trap)


def test_nothing_of_the_repository_is_run(root: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    trap = _trap(root, marker)
    hooks = tmp_path / ".git" / "hooks"
    for name in ("post-checkout", "pre-commit", "fsmonitor-watchman", "post-index-change"):
        shutil.copy(trap, hooks / name)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "diff.trap.command",
        "diff.trap.textconv",
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "credential.helper",
    ):
        _git(tmp_path, "config", key, trap)
    _git(tmp_path, "config", "core.hooksPath", str(hooks))
    (tmp_path / ".gitattributes").write_text("* filter=trap diff=trap\n")
    (root / ".gitattributes").write_text("*.ttl filter=trap diff=trap\n")
    _write(root, _LINES[1:])

    assert revisions.changed(root) == {_DATA: {1}}
    assert revisions.shapes_at(root, "HEAD")
    assert not marker.exists()


@pytest.mark.parametrize(
    "attributes", ["* -diff", "* binary", "* -text", "* export-ignore", "* eol=crlf", "* ident"]
)
def test_no_attribute_hides_a_change(root: Path, attributes: str) -> None:
    (root / ".gitattributes").write_text(f"{attributes}\n")
    (root.parent / ".gitattributes").write_text(f"{attributes}\n")
    _write(root, _LINES[1:])

    assert revisions.changed(root) == {_DATA: {1}}


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_no_flag_and_no_ignored_name_hides_a_change(root: Path, flag: str) -> None:
    _git(root, "update-index", flag, _DATA)
    (root / ".gitignore").write_text("*.ttl\n")
    _write(root, _LINES[1:])
    _write(root, _LINES, "data/ignored.ttl")

    assert revisions.changed(root) == {_DATA: {1}, "data/ignored.ttl": set(range(1, 11))}


def test_another_object_in_its_place_does_not_hide_a_change(root: Path) -> None:
    first = _git(root, "rev-parse", "HEAD")
    _write(root, _LINES[1:])
    second = _commit(root)
    _git(root, "replace", first, second)

    assert revisions.changed(root, first) == {_DATA: {1}}


def test_the_variables_of_a_running_hook_do_not_lead_elsewhere(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nothing"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    _write(root, _LINES[1:])

    assert revisions.changed(root) == {_DATA: {1}}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may chown")
def test_a_repository_of_another_user_is_read(root: Path) -> None:
    for path in (root.parent, root.parent / ".git", root):
        os.chown(path, 12345, 12345)
    _write(root, _LINES[1:])

    assert revisions.changed(root) == {_DATA: {1}}


# What cannot be done


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("", r"^revision: not a revision\. Give one"),
        ("--output=/x", r"^--output=/x: not a revision\. Give one"),
        ("-c", "not a revision"),
        ("a b", "not a revision"),
        ("HEAD\n", r"HEAD\\u\{A\}: not a revision"),
        ("main..HEAD", r"a range\. Give the revision at which it begins"),
        ("nobody", r"^nobody: no commit of this name is here\. Check its name, or fetch it"),
        ("HEAD:graph", "no commit of this name"),
        ("\x1b[2J", "not a revision"),
        ("x" * 5000, "no commit of this name"),
    ],
)
@pytest.mark.parametrize("ask", [revisions.changed, revisions.shapes_at])
def test_what_is_no_revision_is_refused(
    root: Path, ask: Callable[[Path, str], object], revision: str, message: str
) -> None:
    with pytest.raises(CommuniqueError, match=message) as raised:
        ask(root, revision)
    assert str(raised.value).isprintable()


def test_a_folder_outside_of_a_repository_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(CommuniqueError, match="not in the work tree of a git repository"):
        revisions.changed(tmp_path)


def test_a_missing_folder_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(CommuniqueError, match="no such folder"):
        revisions.changed(tmp_path / "nowhere")


def test_a_missing_git_is_told_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(CommuniqueError, match=r"git: not found\. Install it"):
        revisions.changed(root)


def test_a_repository_without_a_commit_is_told_so(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet")

    with pytest.raises(CommuniqueError, match="HEAD: no commit of this name is here"):
        revisions.changed(tmp_path)


def test_a_shallow_clone_is_told_how_to_become_whole(root: Path, tmp_path: Path) -> None:
    _write(root, _LINES[1:])
    _commit(root)
    shallow = tmp_path / "shallow"
    _git(tmp_path, "clone", "--quiet", "--depth=1", tmp_path.as_uri(), str(shallow))

    with pytest.raises(CommuniqueError, match=r"shallow: git fetch --unshallow, or fetch-depth: 0"):
        revisions.changed(shallow / "graph", "HEAD~1")
    assert revisions.changed(shallow / "graph") == {}


def test_another_history_is_told_so(root: Path) -> None:
    _git(root, "checkout", "--quiet", "--orphan", "alone")
    _commit(root, "another beginning")

    with pytest.raises(CommuniqueError, match="main: no history in common"):
        revisions.changed(root, "main")


def test_a_content_that_is_not_here_is_never_fetched(root: Path) -> None:
    whole, partial = root.parent, root.parent / "partial"
    _git(whole, "config", "uploadpack.allowFilter", "true")
    origin = whole.as_uri()
    _git(whole, "clone", "--quiet", "--no-checkout", "--filter=blob:none", origin, str(partial))
    (partial / "graph").mkdir()

    with pytest.raises(CommuniqueError, match="the content of a file is not here"):
        revisions.shapes_at(partial / "graph", "HEAD")


# Earlier shapes


def test_shapes_are_taken_from_a_revision(root: Path) -> None:
    _write(root, ["<urn:shape> <urn:p> 2 ."], "shapes/x.ttl")
    _write(root, ["<urn:more> <urn:p> 2 ."], "shapes/deep/y.ttl")
    _commit(root)
    _write(root, ["<urn:shape> <urn:p> 3 ."], "shapes/x.ttl")

    assert revisions.shapes_at(root, "HEAD~1") == [("shapes/x.ttl", b"<urn:shape> <urn:p> 1 .\n")]
    assert revisions.shapes_at(root, "main") == [
        ("shapes/deep/y.ttl", b"<urn:more> <urn:p> 2 .\n"),
        ("shapes/x.ttl", b"<urn:shape> <urn:p> 2 .\n"),
    ]


def test_a_revision_without_shapes_is_an_error(root: Path) -> None:
    shutil.rmtree(root / "shapes")
    _commit(root)

    with pytest.raises(CommuniqueError, match=r"HEAD: has no files in shapes/"):
        revisions.shapes_at(root, "HEAD")


def test_a_project_is_laid_out_as_it_was(root: Path) -> None:
    _write(root, [], "data/new.ttl")
    (root / "data" / "link.ttl").symlink_to("/")
    _commit(root)
    shutil.rmtree(root / "data")
    with revisions.project_at(root, "HEAD") as folder:
        found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())

        assert found == ["data/new.ttl", "data/x.ttl", "shapes/x.ttl"]
    assert not folder.exists()


def test_a_path_that_leaves_the_project_is_not_laid_out(root: Path) -> None:
    blob = _git(root, "rev-parse", "HEAD:other.txt")
    names = root.parent / "names"
    names.write_text(f"100644 {blob}\tdata\\..\\x.ttl\n100644 {blob}\t.hidden\n")
    _git(root.parent, "update-index", "--force-remove", "graph/data/x.ttl", "other.txt")
    _git(root.parent, "update-index", "--force-remove", "graph/shapes/x.ttl")
    with names.open() as lines:
        subprocess.run(
            [str(shutil.which("git")), "update-index", "--index-info"],
            cwd=root.parent,
            stdin=lines,
            check=True,
        )
    _git(root.parent, "commit", "--quiet", "-m", "x")
    commit = _git(root, "rev-parse", "HEAD")
    assert _git(root.parent, "ls-tree", "-r", "--name-only", "HEAD").split("\n")[0] == ".hidden"
    with revisions.project_at(root.parent, commit) as folder:
        assert list(folder.iterdir()) == []
