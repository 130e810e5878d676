import inspect
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest

from communique import building, commands, dataset, resources
from communique.cli import COMMANDS, main
from conftest import HERE, Run

_ARTICLE = Path("data") / "articles" / "1933-11-17-herring.ttl"


def _spoil(project: Path) -> None:
    path = project / _ARTICLE
    path.write_text(path.read_text().replace("    cmq:voice actor:sylvania ;\n", ""))


def _command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_and_an_example(name: str) -> None:
    text = inspect.cleandoc(_command(name).help or "")

    assert f"\b\nExample:\n  communique {name}" in text


def test_the_commands_are_these() -> None:
    expected = [
        "build",
        "compare",
        "evidence",
        "fmt",
        "load",
        "mutate",
        "publish",
        "push",
        "query",
        "show",
        "spark",
        "test",
        "validate",
    ]

    assert [*COMMANDS] == expected


def test_a_command_that_is_misspelt_is_told_what_it_may_mean(run: Run) -> None:
    near, far = run("qurey"), run("zzz")

    assert (near.exit_code, far.exit_code) == (2, 2)
    assert near.stderr.endswith("Error: No such command 'qurey'. Did you mean query?\n")
    assert far.stderr.endswith("Error: No such command 'zzz'. communique --help lists them\n")


def test_every_option_says_what_it_does() -> None:
    silent = [
        f"{command.name} {param.name}"
        for command in map(_command, COMMANDS)
        for param in command.params
        if isinstance(param, click.Option) and not param.help
    ]

    assert silent == []


def test_query_lists_the_questions(run: Run, project: Path) -> None:
    result = run("query", "--root", project)

    assert (result.exit_code, result.stdout) == (
        0,
        (
            "actors\n  speaks-for  Who speaks for whom?\n\n"
            "attribution\n  chain       Who relays whom?\n"
        ),
    )


def test_query_answers_a_question_by_name(run: Run, project: Path) -> None:
    result = run("query", "chain", "--format", "csv", "--labels", "--root", project)

    assert (result.exit_code, result.stdout) == (0, "voice,relayed\nSylvania,Freedonia\n")


def test_query_answers_a_file(run: Run, project: Path) -> None:
    result = run("query", project / "queries" / "chain.rq", "--format", "csv", "--root", project)

    assert result.stdout.splitlines()[1].endswith("/actor/freedonia")


def test_query_answers_standard_input(run: Run, project: Path) -> None:
    result = run("query", "-", "--root", project, text="ASK { a1:s001 a cmq:Statement }")

    assert result.stdout == "answer\n------\nyes\n\n1 row\n"


def test_query_writes_to_a_file(run: Run, project: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    result = run("query", "chain", "--format", "json", "-o", out, "--root", project)

    assert result.stdout == ""
    assert json.loads(out.read_text())["head"] == {"vars": ["voice", "relayed"]}


def test_validate_is_clean_on_good_data(run: Run, project: Path) -> None:
    result = run("validate", "--root", project)

    assert (result.exit_code, result.stdout) == (
        0,
        (
            "Checked 9 files, 77 triples, 2 statements; 2 of 2 shapes had something to check. "
            "0 errors.\n"
        ),
    )


def test_validate_fails_on_a_finding(run: Run, project: Path) -> None:
    _spoil(project)
    result = run("validate", "--root", project)

    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        1,
        (
            f"{_ARTICLE.as_posix()}:8:1: error shape:Statement-voice: "
            "Statement a1:s001 has no voice."
        ),
    )


def test_validate_in_json_is_json(run: Run, project: Path) -> None:
    _spoil(project)
    result = run("validate", "--format", "json", "--root", project)

    assert (result.exit_code, len(json.loads(result.stdout)["findings"])) == (1, 1)


def test_test_is_clean_when_all_is_answered_as_stored(run: Run, project: Path) -> None:
    result = run("test", "--root", project)

    assert (result.exit_code, result.stdout) == (0, "2 questions, all answered as stored.\n")


def test_test_shows_rows_that_differ(run: Run, project: Path) -> None:
    _spoil(project)
    result = run("test", "--root", project)

    assert (result.exit_code, result.stdout) == (
        1,
        "chain: no row\n  - Sylvania | Freedonia\n2 questions, 1 not answered as stored.\n",
    )


def test_test_update_stores_new_answers(run: Run, project: Path) -> None:
    stored = project / "tests" / "answers" / "chain.csv"
    stored.unlink()
    result = run("test", "--update", "--root", project)

    assert (result.exit_code, stored.read_text()) == (0, "voice,relayed\nSylvania,Freedonia\n")


def test_fmt_check_names_what_would_change_and_changes_nothing(run: Run, project: Path) -> None:
    path = project / "data" / "actors.ttl"
    path.write_text(path.read_text().replace(" ;\n", ";\n"))
    before = path.read_text()
    result = run("fmt", "--check", "--root", project)

    assert (result.exit_code, result.stdout) == (1, f"{path}: is not in canonical form\n")
    assert path.read_text() == before


def test_fmt_puts_files_in_form(run: Run, project: Path) -> None:
    path = project / "data" / "actors.ttl"
    before = path.read_text()
    path.write_text(before.replace(" ;\n", ";\n"))
    result = run("fmt", path)

    assert (result.exit_code, path.read_text()) == (0, before)


def test_fmt_takes_a_folder(run: Run, project: Path) -> None:
    (project / "data" / "new.ttl").write_text("<urn:a> <urn:b> <urn:c>.")
    result = run("fmt", project / "data")

    assert result.stdout == f"{project / 'data' / 'new.ttl'}: now in canonical form\n"


def test_build_sums_up_what_it_did(run: Run, project: Path, tmp_path: Path) -> None:
    result = run("build", "--root", project, "-o", tmp_path / "dist")
    steps = [line.split()[0] for line in result.stdout.splitlines() if line[:1].isalpha()]

    assert result.exit_code == 0, result.output
    assert steps[:5] == ["Loaded", "Checked", "Evidence", "Answered", "Written"]
    assert (tmp_path / "dist" / "SHA256SUMS").is_file()


def test_build_says_that_words_were_not_checked_without_a_copy(
    run: Run, project: Path, tmp_path: Path
) -> None:
    result = run("build", "--root", project, "-o", tmp_path / "dist")

    assert "words not checked: no copy given (--copy FILE)" in result.stdout


def test_build_writes_nothing_when_there_is_something_to_mend(
    run: Run, project: Path, tmp_path: Path
) -> None:
    _spoil(project)
    result = run("build", "--root", project, "-o", tmp_path / "dist")

    assert (result.exit_code, (tmp_path / "dist").exists()) == (1, False)
    assert "Written   nothing, for there is something to mend" in result.stdout


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 1)])
def test_build_fails_on_warnings_only_when_strict(
    run: Run, project: Path, tmp_path: Path, strict: tuple[str, ...], code: int
) -> None:
    path = project / _ARTICLE
    path.write_text(path.read_text().replace("cmqv:assert", "cmqv:assert , cmqv:accept"))
    stored = project / "tests" / "answers"
    assert stored.is_dir()
    result = run("build", "--root", project, "-o", tmp_path / "dist", *strict)

    assert result.exit_code == code, result.output


@pytest.fixture(name="article")
def _article() -> Path:
    found = HERE.parent.parent / "shared" / "article" / "article.txt"
    if not found.is_file():
        pytest.skip("../shared is not here: the article may not be in the repository")
    return found


def test_evidence_verifies_every_passage_and_span(run: Run, checkout: Path, article: Path) -> None:
    result = run("evidence", "--copy", article, "--root", checkout)

    assert result.exit_code == 0
    assert re.fullmatch(
        r"well formed; [0-9]+ passages verified, [0-9]+ spans verified\n", result.stdout
    )


def test_evidence_tells_each_place_when_asked(run: Run, checkout: Path, article: Path) -> None:
    result = run("evidence", "--copy", article, "--list", "--root", checkout)

    assert "passage:ba01b1d8-581-818: passage in S5 is verified, at 581-818\n" in result.stdout


def test_evidence_tells_of_a_byte_order_mark(
    run: Run, checkout: Path, article: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_text(article.read_text("utf-8"), encoding="utf-8-sig")
    result = run("evidence", "--copy", copy, "--root", checkout)

    assert (result.exit_code, "; a byte order mark left out" in result.output) == (0, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("words", ["query demands", "query --help", "--help", "--version"])
def test_output_that_cannot_be_written_is_one_line(checkout: Path, words: str) -> None:
    command = [sys.executable, "-m", "communique", *words.split()]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, cwd=checkout, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (done.returncode, done.stderr) == (
        2,
        "Error: output: No space left on device. Make room and run it again\n",
    )


def test_standard_input_that_is_not_utf_8_is_one_line(checkout: Path) -> None:
    command = [sys.executable, "-m", "communique", "query", "-", "--root", str(checkout)]
    done = subprocess.run(command, input=b"\xff\xfe", capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (
        2,
        b"Error: standard input: not UTF-8. Save it as UTF-8\n",
    )


def _shell(command: str, checkout: Path, **more: Any) -> "subprocess.CompletedProcess[str]":  # noqa: ANN401  what a process takes
    """Run `communique ...` as a shell does, with its redirections."""
    program = f"{shlex.quote(sys.executable)} -m communique"
    text = command.replace("communique", program, 1)
    return subprocess.run(
        ["/bin/sh", "-c", text], cwd=checkout, capture_output=True, text=True, check=False, **more
    )


@pytest.mark.parametrize(
    "command", ["query", "query demands", "show Kremlin", "compare", "test", "validate"]
)
def test_a_closed_standard_output_is_one_line(checkout: Path, command: str) -> None:
    done = _shell(f"communique {command} >&-", checkout)

    assert (done.returncode, done.stderr) == (
        2,
        "Error: output: standard output is closed. Open it, or give -o FILE\n",
    )


def test_an_answer_in_a_file_needs_no_standard_output(checkout: Path, tmp_path: Path) -> None:
    done = _shell(f"communique query demands -o {tmp_path}/d.csv >&-", checkout)

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "d.csv").read_text().startswith("demand,")


def test_a_closed_standard_input_is_one_line(checkout: Path) -> None:
    done = _shell("communique query - <&-", checkout)

    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "Error: standard input: closed. Give a file, or open it\n",
    )


@pytest.mark.parametrize("how", ["- <", "/dev/stdin <", "/dev/fd/0 <", ""])
def test_a_query_can_be_given_in_every_way(checkout: Path, tmp_path: Path, how: str) -> None:
    (tmp_path / "mine.rq").write_text("ASK {}")
    done = _shell(f"communique query --format csv {how} {tmp_path}/mine.rq", checkout)

    assert (done.returncode, done.stdout, done.stderr) == (0, "answer\nyes\n", "")


def test_a_query_that_comes_through_a_pipe_is_read_once(checkout: Path) -> None:
    done = _shell("communique query /dev/stdin --format csv", checkout, input="ASK {}")

    assert (done.returncode, done.stdout, done.stderr) == (0, "answer\nyes\n", "")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no file without an end")
def test_a_file_without_an_end_is_not_read_to_its_end(checkout: Path) -> None:
    done = _shell("communique query /dev/zero", checkout, timeout=30)

    assert (done.returncode, done.stderr) == (
        2,
        "Error: /dev/zero: more than 1,000,000 bytes. Ask in smaller steps\n",
    )


@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_a_byte_order_mark_before_a_query_is_left_out_and_told(run: Run, mark: str) -> None:
    result = run("query", "-", "--format", "csv", text=f"{mark}ASK {{}}")

    assert (result.exit_code, result.stdout) == (0, "answer\nyes\n")
    assert result.stderr == ("standard input: a byte order mark left out.\n" if mark else "")


def test_a_path_means_a_file_and_a_name_a_question(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chain").write_text("ASK {}")
    stored = run("query", "chain", "--format", "csv", "--labels", "--root", project)
    own = run("query", "./chain", "--format", "csv", "--root", project)

    assert stored.stdout == "voice,relayed\nSylvania,Freedonia\n"
    assert own.stdout == "answer\nyes\n"


_DECLARED = "#+ params:\n#+   x: {type: iri}\nASK { VALUES $x { actor:sylvania } ?s cmq:voice $x }"


@pytest.mark.parametrize(
    ("value", "answer"), [((), "yes"), (("--x", "Freedonia"), "yes"), (("--x", "a1:s001"), "no")]
)
def test_a_query_from_standard_input_takes_what_its_header_declares(
    run: Run, project: Path, value: tuple[str, ...], answer: str
) -> None:
    result = run("query", "-", *value, "--format", "csv", "--root", project, text=_DECLARED)

    assert (result.exit_code, result.stdout) == (0, f"answer\n{answer}\n")


def test_help_does_not_wait_for_standard_input(run: Run) -> None:
    assert run("query", "-", "--help").exit_code == 0


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_an_interrupt_is_neither_a_finding_nor_a_bug(checkout: Path, tmp_path: Path) -> None:
    crossed = " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(6))
    (tmp_path / "long.rq").write_text(f"SELECT (COUNT(*) AS ?n) {{ {crossed} }}")
    command = [sys.executable, "-m", "communique", "query", str(tmp_path / "long.rq")]
    with subprocess.Popen(command, cwd=checkout, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)

    assert (process.returncode, said) == (130, "Interrupted.\n")


def test_a_dash_is_standard_output(run: Run, project: Path) -> None:
    args = ("query", "chain", "--format", "csv", "--root", project)

    assert run(*args, "-o", "-").stdout == run(*args).stdout
    assert not Path("-").exists()


def test_a_name_that_asks_for_no_format_is_told(run: Run, project: Path, tmp_path: Path) -> None:
    told = [
        run("query", "chain", "-o", tmp_path / name, "--root", project).stderr
        for name in ("a.docx", "a.txt", "a.csv")
    ]

    assert told == [
        f"{tmp_path / 'a.docx'}: a table is written, for its name asks for no format (--format).\n",
        "",
        "",
    ]


@pytest.mark.parametrize("option", ["--evidence", "--show", "--why-empty", "--timeout=3"])
def test_an_option_of_an_answer_needs_a_question(run: Run, option: str) -> None:
    result = run("query", option)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: {option.partition('=')[0]}: needs a question. "
        "Give its name; communique query lists them\n"
    )


def test_a_report_that_cannot_be_written_is_told_by_its_own_option(
    run: Run, project: Path, tmp_path: Path
) -> None:
    result = run("test", "--junit", tmp_path, "--root", project)

    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: {tmp_path}: Is a directory. Give another --junit\n",
    )


def test_the_version_is_known_without_installation(run: Run) -> None:
    result = run("--version")

    assert re.fullmatch(r"communique, version [0-9]+\.[0-9]+\.[0-9]+\n", result.stdout)


def test_evidence_fails_when_a_sentence_is_gone(
    run: Run, checkout: Path, article: Path, tmp_path: Path
) -> None:
    text = article.read_text("utf-8")
    copy = tmp_path / "copy.txt"
    copy.write_text(text[:581] + text[818:], encoding="utf-8")
    result = run("evidence", "--copy", copy, "--root", checkout)

    assert result.exit_code == 1
    assert "passage:ba01b1d8-581-818: passage in S5 is missing\n" in result.stdout


@pytest.mark.parametrize("command", ["build", "publish"])
def test_nothing_is_published_among_the_projects_own_files(
    run: Run, project: Path, command: str
) -> None:
    result = run(command, "--root", project, "-o", project / "data" / "dist")

    assert (result.exit_code, "among the project's own files" in result.output) == (2, True)


def test_publish_writes_the_files(run: Run, project: Path, tmp_path: Path) -> None:
    result = run("publish", "--root", project, "-o", tmp_path / "dist")

    assert result.exit_code == 0, result.output
    assert (tmp_path / "dist" / "manifest.json").is_file()


_UNRUNNABLE = {
    "unknown question": (
        ("query", "chian"),
        "Error: chian: no such question. Did you mean chain?\n",
    ),
    "missing query file": (
        ("query", "no.rq"),
        "Error: no.rq: No such file or directory. Check the path\n",
    ),
    "missing copy": (
        ("evidence", "--copy", "no.txt"),
        (
            "Error: no.txt: No such file or directory. "
            "Give the file that holds your copy of the article\n"
        ),
    ),
    "missing Turtle file": (
        ("fmt", "no.ttl"),
        "Error: no.ttl: No such file or directory. Check the path\n",
    ),
    "output that cannot be written": (
        ("query", "-o", "no/where.txt"),
        "Error: no/where.txt: No such file or directory. Give another -o\n",
    ),
}


@pytest.mark.parametrize("case", sorted(_UNRUNNABLE))
def test_what_cannot_run_is_one_clear_line_and_exit_code_2(
    run: Run, project: Path, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    args, line = _UNRUNNABLE[case]
    result = run(*args, "--root", project)

    assert (result.exit_code, result.stderr, result.stdout) == (2, line, "")


@pytest.mark.parametrize("command", ["build", "validate"])
def test_unreadable_turtle_is_a_finding_with_its_place(
    run: Run, project: Path, command: str
) -> None:
    (project / "data" / "actors.ttl").write_text("<urn:a:a> <urn:a:b> .\n")
    result = run(command, "--root", project)

    assert result.exit_code == 1
    assert result.stdout.startswith("data/actors.ttl:1:21: error syntax: Not Turtle: ")


@pytest.mark.parametrize("command", ["query", "test", "evidence", "publish"])
def test_unreadable_turtle_is_one_clear_line_and_exit_code_2(
    run: Run, project: Path, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (project / "data" / "actors.ttl").write_text("<urn:a> <urn:b> .\n")
    name = ("chain",) if command == "query" else ()
    result = run(command, *name, "--root", project)

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: data/actors.ttl:1:17: not Turtle: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["build", "validate", "query", "test", "evidence", "publish"])
def test_an_empty_folder_is_one_clear_line_and_exit_code_2(
    run: Run, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(command, "--root", tmp_path)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {tmp_path}/")
    assert result.stderr.endswith("Give --root a project's folder\n")
    assert result.stderr.count("\n") == 1


def test_a_bug_shows_its_traceback_and_exits_3(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_root: Path, *, infer: bool = True) -> None:
        raise RuntimeError(f"infer={infer}")

    monkeypatch.setattr(dataset, "load", broken)
    result = run("publish", "--root", project)

    assert result.exit_code == 3
    assert "RuntimeError: infer=True" in result.stderr


def test_a_wrong_option_exits_2(run: Run) -> None:
    assert run("validate", "--nonsense").exit_code == 2


def test_without_a_root_the_installed_project_is_used(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "root", lambda: project)
    monkeypatch.chdir(project / "data")

    assert run("test").stdout == "2 questions, all answered as stored.\n"


def test_without_a_root_a_project_in_the_current_folder_is_used(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)

    assert run("test").stdout == "2 questions, all answered as stored.\n"


def test_the_job_tells_each_step_while_it_runs(project: Path, tmp_path: Path) -> None:
    told: list[str] = []
    building.build(project, tmp_path / "dist", copy=None, strict=False, progress=told.append)

    assert told[0] == "Checking files, names and shapes ..."
    assert told[-1] == "Writing ..."


@pytest.mark.parametrize("words", [("query",), ("query", "statements", "--format", "json")])
def test_what_nobody_reads_is_no_finding(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "communique", *words]

    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)

    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_help_lists_every_command_on_a_line(run: Run) -> None:
    shown = run("--help").stdout.partition("Commands:\n")[2].splitlines()
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py")}

    assert {line.split()[0] for line in shown} == modules - {"__init__", "options", "terminal"}
    assert len(shown) == len(COMMANDS)


def test_help_imports_nothing_but_click() -> None:
    listed = "import atexit, sys; atexit.register(lambda: print('\\n', *sys.modules)); "
    helped = f"{listed}from communique.cli import main; main(['--help'])"
    bare, loaded = (_modules(code) for code in (listed, helped))
    ours = {name for name in loaded if name.startswith("communique")}
    others = {name.partition(".")[0] for name in loaded - bare - ours}

    assert ours == {"communique", "communique.cli"}
    assert others - sys.stdlib_module_names == {"click"}
    assert "pathlib" not in others


@pytest.mark.parametrize("arguments", [["--help"], ["query", "demands"], ["validate"]])
def test_no_garbage_is_looked_for_as_a_command_starts_and_ends(arguments: list[str]) -> None:
    code = (
        "import atexit, gc, sys; from communique.__main__ import main\n"
        "looks = lambda: sum(each['collections'] for each in gc.get_stats()); before = looks()\n"
        "atexit.register(lambda: print(looks() - before, len(gc.get_objects())))\n"
        f"sys.argv = ['communique', *{arguments}]; main()"
    )
    shown = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=HERE.parent)
    looks, left = map(int, shown.splitlines()[-1].split())

    assert looks == 0
    assert left < 100


def _modules(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_on_spark_imports_nothing_of_spark() -> None:
    code = (
        "import sys; from communique.cli import main\n"
        "main(['spark', 'query', '--help'], standalone_mode=False)\n"
        "print(sorted({'pandas', 'pyarrow', 'pyspark'} & set(sys.modules)))"
    )
    shown = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert shown.splitlines()[-1] == "[]"
