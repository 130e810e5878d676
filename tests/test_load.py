"""A store on disk holds what the files say, whatever happens while it is filled."""

import gzip
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse, serialize

from communique import dataset, incoming, loading, ondisk, questions
from communique.namespaces import PREFIXES
from conftest import Run

_TRIPLE = "<urn:x:a> <urn:x:b> <urn:x:c>"
_ONE = dataset.graph_iri("one")
_TWO = NamedNode("urn:x:graph")


def _held(store: Path) -> Store:
    return Store.read_only(str(store / "data"))


def _quads(store: Store) -> Counter[tuple[str, ...]]:
    """Count quads; a blank node is like any other."""

    def term(each: object) -> str:
        return "_" if isinstance(each, BlankNode) else str(each)

    parts = ((q.subject, q.predicate, q.object, q.graph_name) for q in store)
    return Counter(tuple(map(term, quad)) for quad in parts)


def _loaded(run: Run, store: Path, *places: Path) -> str:
    result = run("load", "--store", store, *places)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(name="store")
def _store(project: Path, tmp_path: Path, run: Run) -> Path:
    store = tmp_path / "store"
    _loaded(run, store, project)
    return store


@pytest.fixture(name="real", scope="module")
def _real(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("real") / "store"
    loading.load(store, [checkout])
    return store


def test_a_store_holds_what_questions_see_of_the_files(checkout: Path, real: Path) -> None:
    assert _quads(_held(real)) == _quads(dataset.union(dataset.load(checkout)))


def test_every_stored_question_has_the_same_rows_on_disk(checkout: Path, real: Path) -> None:
    memory, disk = dataset.union(dataset.load(checkout)), _held(real)
    for question in questions.questions(checkout):
        here, there = (questions.ask(each, question.sparql) for each in (memory, disk))
        assert list(map(str, questions.rows(here))) == list(map(str, questions.rows(there)))  # type: ignore[arg-type]  # all are SELECT


def test_the_answers_of_a_store_are_those_stored(checkout: Path, real: Path, run: Run) -> None:
    result = run("test", "--root", checkout, "--store", real)

    assert result.output == run("test", "--root", checkout).output
    assert result.exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("show", "Kremlin"),
        ("compare", "--format", "json"),
        ("query", "demands", "--side", "Ukraine"),
        ("query", "demands", "--evidence"),
        ("query", "demands", "--show", "--addressee", "the West"),
        ("query", "demands", "--side", "Ukraine", "--why-empty"),
    ],
    ids=" ".join,
)
def test_a_command_tells_the_same_of_a_store(
    command: tuple[str, ...], checkout: Path, real: Path, run: Run
) -> None:
    result = run(*command, "--root", checkout, "--store", real)

    assert result.output == run(*command, "--root", checkout).output
    assert result.exit_code == 0


def test_what_is_in_a_store_is_asked_and_not_the_files(
    project: Path, store: Path, run: Run
) -> None:
    shutil.rmtree(project / "data")
    result = run("query", "chain", "--root", project, "--store", store)

    assert result.exit_code == 0
    assert "0 rows" not in result.stdout


def test_a_query_of_ones_own_asks_a_store(project: Path, store: Path, run: Run) -> None:
    sparql = "SELECT (COUNT(*) AS ?n) { ?s a cmq:Statement }"
    there = run("query", "-", "--root", project, "--store", store, text=sparql)

    assert there.exit_code == 0
    assert there.output == run("query", "-", "--root", project, text=sparql).output


def test_a_query_of_ones_own_is_stopped_on_a_store_too(
    project: Path, store: Path, run: Run
) -> None:
    bomb = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"
    result = run("query", "-", "--root", project, "--store", store, "--timeout", "1", text=bomb)

    assert result.exit_code == 2
    assert "no answer within 1 s" in result.output


def test_a_store_and_an_endpoint_exclude_each_other(project: Path, store: Path, run: Run) -> None:
    result = run(
        "query", "chain", "--root", project, "--store", store, "--endpoint", "http://localhost:1/"
    )

    assert (result.exit_code, result.output) == (
        2,
        "Error: --store: not with --endpoint. Leave one of them out\n",
    )


def test_mutants_are_made_of_files_only(project: Path, store: Path, run: Run) -> None:
    result = run("test", "--mutate", "--root", project, "--store", store)

    assert result.exit_code == 2
    assert "--mutate: reads the files only" in result.output


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("name", ["one.ttl", "one.trig", "one.nt", "one.nq"])
def test_each_format_says_the_same(name: str, packed: bool, tmp_path: Path) -> None:  # noqa: FBT001  drawn by pytest
    text = f'{_TRIPLE} .\n<urn:x:a> <urn:x:b> "ü" .\n'.encode()
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(text) if packed else text)
    loading.load(tmp_path / "store", [path])

    held = _held(tmp_path / "store")
    assert len(held) == 4
    assert {quad.graph_name for quad in held} == {_ONE, DefaultGraph()}


def test_graphs_that_a_file_names_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "one.nq"
    path.write_text(f"{_TRIPLE} {_TWO} .\n{_TRIPLE} _:graph .\n{_TRIPLE} .\n")
    loading.load(tmp_path / "store", [path])

    found = [quad.graph_name for quad in _held(tmp_path / "store")]
    assert sorted(map(str, found)) == sorted(map(str, [_ONE, _TWO, DefaultGraph()]))


@pytest.mark.parametrize("graph", ["alignments", "meta", "shapes", "inferred"])
def test_graphs_that_are_kept_aside_or_worked_out_are_not_loaded(
    graph: str, tmp_path: Path
) -> None:
    path = tmp_path / "one.nq"
    path.write_text(f"{_TRIPLE} {dataset.graph_iri(graph)} .\n")
    outcome = loading.load(tmp_path / "store", [path])

    assert len(_held(tmp_path / "store")) == 0
    assert not outcome.manifest.refused


@pytest.mark.parametrize(
    ("path", "graph"),
    [
        ("data/articles/2025-x.ttl", "source/2025-x"),
        ("data/articles/2025-x.nq.gz", "source/2025-x"),
        ("ontology/communique.ttl", "ontology"),
        ("data/actors.ttl", "actors"),
        ("elsewhere/some.nt", "some"),
    ],
)
def test_a_graph_is_named_as_in_a_project(path: str, graph: str, tmp_path: Path) -> None:
    there = tmp_path / path
    there.parent.mkdir(parents=True)
    there.touch()

    for place in (there, there.parent, tmp_path):
        (found,) = incoming.incoming([place])
        assert found.graph == dataset.graph_iri(graph)


def test_of_a_project_only_ontology_and_data_are_loaded(project: Path) -> None:
    found = {file.graph for file in incoming.incoming([project])}

    assert found == {source.iri for source in dataset.sources(project)}


def test_blank_nodes_of_two_files_stay_apart_and_are_named_the_same_each_time(
    tmp_path: Path,
) -> None:
    for name in ("a.nt", "b.nt", "c.ttl", "d.ttl"):
        text = "_:b <urn:x:p> _:b .\n" if name.endswith("nt") else "_:b <urn:x:p> [], _:b ."
        (tmp_path / name).write_text(text)
    names = [f"{each}" for each in ("a.nt", "b.nt", "c.ttl", "d.ttl")]
    for store in ("one", "two"):
        loading.load(tmp_path / store, [tmp_path / name for name in names])

    one, two = ({str(quad) for quad in _held(tmp_path / each)} for each in ("one", "two"))
    assert one == two
    assert len({quad.subject for quad in _held(tmp_path / "one")}) == 4


def test_a_file_larger_than_a_batch_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_BATCH", 10)
    for name, number in (("a.nt", 3), ("b.nt", 50), ("c.nt", 10), ("d.nt", 9)):
        lines = (f"<urn:x:{name}> <urn:x:b> <urn:x:{each}> .\n" for each in range(number))
        (tmp_path / name).write_text("".join(lines))
    outcome = loading.load(tmp_path / "store", [tmp_path / f"{name}.nt" for name in "abcd"])

    assert len(_held(tmp_path / "store")) == 2 * (3 + 50 + 10 + 9)
    assert [file.triples for file in outcome.manifest.files] == [3, 50, 10, 9]


def test_loading_again_loads_nothing(project: Path, store: Path, run: Run) -> None:
    before = (store / "manifest.json").read_bytes()
    told = _loaded(run, store, project)

    assert "(0 new)" in told
    assert (store / "manifest.json").read_bytes() == before


def test_places_are_remembered(store: Path, run: Run) -> None:
    assert "5 files (0 new)" in _loaded(run, store)


def test_files_written_again_with_the_same_words_are_not_loaded_again(
    project: Path, store: Path, run: Run
) -> None:
    (project / "data" / "actors.ttl").touch()

    assert "(0 new)" in _loaded(run, store, project)
    assert not run("query", "chain", "--root", project, "--store", store).stderr


def test_a_new_file_is_added_and_what_follows_is_worked_out_anew(
    project: Path, store: Path, tmp_path: Path, run: Run
) -> None:
    typed = f"<{PREFIXES['actor']}freedonia> a <{PREFIXES['cmq']}Actor> ."
    (project / "data" / "more.ttl").write_text(
        f"{typed} <urn:x:n> <{PREFIXES['cmq']}relays> <urn:x:m> ."
    )
    told = _loaded(run, store, project)
    _loaded(run, tmp_path / "afresh", project)

    assert "6 files (1 new)" in told
    assert _quads(_held(store)) == _quads(_held(tmp_path / "afresh"))
    assert _quads(_held(store)) == _quads(dataset.union(dataset.load(project)))


@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_store_of_which_a_file_is_not_as_it_was_is_told_and_built_anew(
    how: str, project: Path, store: Path, run: Run
) -> None:
    path = project / "data" / "more.ttl"
    path.write_text(f"{_TRIPLE} .")
    _loaded(run, store, project)
    if how == "gone":
        path.unlink()
    else:
        path.write_text(f"{_TRIPLE}, <urn:x:d> .")

    asked = run("query", "chain", "--root", project, "--store", store)
    assert asked.exit_code == 0
    assert asked.stderr == (
        f"Note: 1 file changed since {store} was loaded, first {path}. "
        f"Run communique load --store {store}\n"
    )
    checked = run("load", "--store", store, "--check")
    assert checked.exit_code == 1
    assert checked.output == f"{path}: {how} since it was loaded\n{store}: does not match\n"

    result = run("load", "--store", store)
    assert result.exit_code == 0
    assert f"Note: 1 file changed or gone since {store} was loaded: built anew.\n" in result.stderr
    assert _quads(_held(store)) == _quads(dataset.union(dataset.load(project)))
    assert run("load", "--store", store, "--check").output == f"{store}: matches its files\n"


def test_a_file_that_is_new_or_says_another_thing_in_as_many_bytes_is_told(
    project: Path, store: Path, run: Run
) -> None:
    new, old = project / "data" / "new.ttl", project / "data" / "actors.ttl"
    new.write_text(f"{_TRIPLE} .")
    status = old.stat()
    old.write_text(old.read_text().replace("Freedonia", "Freedonja"))
    os.utime(old, ns=(status.st_atime_ns, status.st_mtime_ns))

    result = run("load", "--store", store, "--check")
    assert result.exit_code == 1
    assert f"{old}: changed since it was loaded\n" in result.output
    assert f"{new}: not loaded yet\n" in result.output


def _deep(sign: str) -> str:
    return f"<urn:x:a> <urn:x:b> {sign * 20_000}"


_BOMB = gzip.compress(b"# " + b"a" * (21 * 10**6))
_POISON: dict[str, tuple[str, bytes, str]] = {
    "syntax": ("x.ttl", b"<urn:x:a>\n  <urn:x:b> .", ":2:13: not Turtle:"),
    "syntax in the last line": (
        "x.nq",
        b"".join(b"<urn:x:%d> <urn:x:b> <urn:x:c> .\n" % each for each in range(60_000)) + b"<urn",
        ":60001:",
    ),
    "not UTF-8": ("x.ttl", f"{_TRIPLE} .".encode("utf-16"), ": the byte 0xFF is not UTF-8"),
    "not UTF-8 in a stream": (
        "x.nt",
        f'{_TRIPLE} .\n<urn:x:a> <urn:x:b> "'.encode() + b'\xff" .',
        ":2:",
    ),
    "triple terms": ("x.ttl", _deep("<<( <urn:x:a> <urn:x:b> ").encode(), "of a triple"),
    "triple terms in a stream": ("x.nq", _deep("<<( <urn:x:a> <urn:x:b> ").encode(), "of a triple"),
    "brackets": ("x.trig", _deep("[ <urn:x:b> ").encode(), "nest deeper than 64"),
    "a long line": (
        "x.nt",
        b'<urn:x:a> <urn:x:b> "' + b"a" * (6 * 2**20) + b'" .',
        "a line of more",
    ),
    "turned": ("x.nq", f'{_TRIPLE} .\n<urn:x:a> <urn:x:b> "\u202e" .'.encode(), ":2:"),
    "a bomb": ("x.ttl.gz", _BOMB, "more than 20 MB"),
    "a bomb of one line": ("x.nt.gz", _BOMB, "a line of more"),
    "a cut archive": (
        "x.nq.gz",
        gzip.compress(f"{_TRIPLE} .\n".encode() * 999)[:-9],
        "cut or spoilt",
    ),
    "no archive": ("x.nq.gz", f"{_TRIPLE} .\n".encode(), "Not a gzipped file"),
    "too large": ("x.ttl", b"# " + b"a" * (20 * 10**6), "Write it as N-Quads"),
    "another ending": ("x.rdf", b"<rdf:RDF/>", "not named like a file of triples"),
}


@pytest.mark.parametrize("kind", _POISON)
def test_a_file_that_cannot_be_read_is_told_and_the_others_are_loaded(
    kind: str, tmp_path: Path, run: Run
) -> None:
    name, content, told = _POISON[kind]
    poisoned, store = tmp_path / name, tmp_path / "store"
    poisoned.write_bytes(content)
    for good in ("a.ttl", "z.nq"):
        (tmp_path / good).write_text(f"{_TRIPLE} .")
    result = run("load", "--store", store, tmp_path / "a.ttl", poisoned, tmp_path / "z.nq")

    line, summary = result.output.splitlines()
    assert result.exit_code == 1
    assert line.startswith(f"{poisoned}")
    assert told in line
    assert "2 files (2 new), 2 triples" in summary
    assert summary.endswith("; 1 file not loaded")
    assert len(_held(store)) == 3
    checked = run("load", "--store", store, "--check")
    assert (checked.exit_code, checked.output.splitlines()[0]) == (1, line)


def test_a_file_that_is_mended_is_loaded(tmp_path: Path, run: Run) -> None:
    path, store = tmp_path / "one.ttl", tmp_path / "store"
    path.write_text("not Turtle")
    assert run("load", "--store", store, path).exit_code == 1
    path.write_text(f"{_TRIPLE} .")

    assert "1 file (1 new)" in _loaded(run, store)
    assert len(_held(store)) == 2


def test_an_archive_that_is_much_larger_when_unpacked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "_MOST_UNPACKED", 10**6)
    path = tmp_path / "one.nt.gz"
    path.write_bytes(gzip.compress(f"{_TRIPLE} .\n".encode() * 99_999))
    outcome = loading.load(tmp_path / "store", [path])

    assert "100 times as large" in outcome.manifest.refused[str(path)]


def test_what_only_looks_like_a_triple_term_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "one.nt"
    path.write_text(f'# <<( a\n<urn:x:a> <urn:x:b> "a \\" <<( b" . # <<\n{_TRIPLE} .\n')

    assert not loading.load(tmp_path / "store", [path]).manifest.refused


def test_a_link_that_a_folder_holds_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "other.ttl").write_text(f"{_TRIPLE} .")
    (folder / "link.ttl").symlink_to(tmp_path / "other.ttl")

    refused = loading.load(tmp_path / "one", [folder]).manifest.refused
    assert "a link to a file" in refused[str(folder / "link.ttl")]
    assert not loading.load(tmp_path / "two", [folder / "link.ttl"]).manifest.refused


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "one.nt")

    refused = loading.load(tmp_path / "store", [tmp_path / "one.nt"]).manifest.refused
    assert list(refused.values()) == [f"{tmp_path / 'one.nt'}: not a file. Remove it"]


def test_nothing_to_load_is_an_error(tmp_path: Path, run: Run) -> None:
    (tmp_path / "empty").mkdir()
    for place, told in ((tmp_path / "empty", "no file to load"), (tmp_path / "no", "no such file")):
        result = run("load", "--store", tmp_path / "store", place)
        assert result.exit_code == 2
        assert told in result.output


def _largest(store: Path) -> Path:
    return max((store / "data").glob("*.sst"), key=lambda path: path.stat().st_size)


def _cut(store: Path) -> None:
    path = _largest(store)
    path.write_bytes(path.read_bytes()[:-100])


def _lose(store: Path) -> None:
    _largest(store).unlink()


def _add(store: Path) -> None:
    (store / "data" / "999999.sst").write_bytes(b"x")


def _scramble_manifest(store: Path) -> None:
    (store / "manifest.json").write_text('{"files": [{"path": 1}]')


def _other_version(store: Path) -> None:
    told = json.loads((store / "manifest.json").read_text())
    (store / "manifest.json").write_text(json.dumps(told | {"version": "0.0.1"}))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_cut, "is not as it was written"),
        (_lose, "is not as it was written"),
        (_add, "data/999999.sst is not as it was written"),
        (_scramble_manifest, "its manifest is damaged"),
        (_other_version, "made by version 0.0.1"),
    ],
)
def test_a_damaged_store_is_told_in_a_line_and_built_anew(
    damage: Callable[[Path], None], told: str, project: Path, store: Path, run: Run
) -> None:
    before = _quads(_held(store))
    damage(store)

    for command in (("query", "chain", "--root", project), ("load", "--check")):
        result = run(*command, "--store", store)
        assert result.exit_code == 2
        assert result.output.startswith(f"Error: {store}: ")
        assert told in result.output
        assert f"Run communique load --store {store} to build it anew" in result.output
    again = run("load", "--store", store, project)
    assert again.exit_code == 0
    assert "built anew" in again.stderr
    assert _quads(_held(store)) == before


def test_flipped_bits_are_found_by_a_check_and_told_in_a_line(
    project: Path, store: Path, run: Run
) -> None:
    for path in (store / "data").glob("*.sst"):
        spoilt = bytearray(path.read_bytes())
        for at in range(0, len(spoilt) // 2, 64):
            spoilt[at] ^= 1
        path.write_bytes(spoilt)

    checked = run("load", "--store", store, "--check")
    assert checked.exit_code == 2
    assert re.search(r"damaged, data/\d+\.sst is not as it was written", checked.output)
    for command in (("query", "chain"), ("show", "Freedonia"), ("compare",), ("test",)):
        result = run(*command, "--root", project, "--store", store)
        assert result.exit_code == 2
        assert result.output.startswith(f"Error: {store}: damaged (Corruption: ")
        assert result.output.endswith(f"Remove it and run communique load --store {store}\n")
    own = run("query", "-", "--root", project, "--store", store, text="SELECT * { ?s ?p ?o }")
    assert own.exit_code == 2
    assert "Corruption" in own.output
    assert "Mend the query" not in own.output


def test_what_is_no_store_is_told(project: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "mine.txt").touch()
    for folder, told in ((project, "no store of this tool"), (tmp_path / "no", "no such folder")):
        result = run("query", "chain", "--root", project, "--store", folder)
        assert result.exit_code == 2
        assert told in result.output
    result = run("load", "--store", tmp_path / "foreign", project)
    assert result.exit_code == 2
    assert "not empty, and no store of this tool" in result.output
    assert [path.name for path in (tmp_path / "foreign").iterdir()] == ["mine.txt"]


def test_what_is_half_loaded_is_not_believed(project: Path, store: Path, run: Run) -> None:
    ondisk.begin(store, [str(project)], [])

    for command in (("query", "chain", "--root", project), ("load", "--check")):
        result = run(*command, "--store", store)
        assert result.exit_code == 2
        assert (
            f"{store}: half loaded. Run communique load --store {store} to go on" in result.output
        )


def test_a_store_that_is_read_is_not_loaded_meanwhile(project: Path, store: Path, run: Run) -> None:
    with dataset.seen(project, store):
        result = run("load", "--store", store, project)
    assert result.exit_code == 2
    assert "somebody reads or loads it" in result.output
    with ondisk.locked(store, alone=True):
        result = run("query", "chain", "--root", project, "--store", store)
    assert result.exit_code == 2
    assert "it is being loaded" in result.output


def test_a_run_that_ends_before_it_can_note_its_batch_goes_on_without_harm(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    (project / "data" / "blank.ttl").write_text("[] <urn:x:p> [ <urn:x:p> [] ] .")
    monkeypatch.setattr(loading, "_BATCH", 1)
    noted = ondisk.note
    calls: list[object] = []

    def interrupted(folder: Path, files: list[ondisk.Loaded]) -> None:
        calls.extend(files)
        if len(calls) > 3:
            raise KeyboardInterrupt
        noted(folder, files)

    with monkeypatch.context() as patched:
        patched.setattr(ondisk, "note", interrupted)
        result = run("load", "--store", tmp_path / "store", project)
    assert result.exit_code == 130
    assert result.output.endswith("Interrupted.\n")
    _loaded(run, tmp_path / "store", project)

    assert _quads(_held(tmp_path / "store")) == _quads(dataset.union(dataset.load(project)))


def test_a_cut_line_of_the_journal_is_left_out(project: Path, tmp_path: Path, run: Run) -> None:
    store = tmp_path / "store"
    store.mkdir()
    ondisk.begin(store, [str(project)], [])
    with (store / "journal.jsonl").open("a") as journal:
        journal.write('{"path": "/x", "gra')

    assert "5 files (5 new)" in _loaded(run, store)


def _articles(folder: Path, number: int) -> None:
    """Write files that take a while, each of a format, all with blank nodes."""
    for each in range(number):
        lines = [f"_:b{n} <urn:x:p{each}> <urn:x:o{n}> .\n" for n in range(3000)]
        form = (RdfFormat.TURTLE, RdfFormat.N_TRIPLES)[each % 2]
        data = serialize(parse("".join(lines), format=RdfFormat.N_TRIPLES), format=form) or b""
        path = folder / f"{each:02}.{form.file_extension}{'.gz' if each % 3 == 0 else ''}"
        path.write_bytes(gzip.compress(data) if each % 3 == 0 else data)


_SMALL_BATCHES = """
import sys
from communique import loading
loading._BATCH = 5000
from communique.cli import main
main(sys.argv[1:])
"""


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_store(
    project: Path, tmp_path: Path
) -> None:
    _articles(project / "data", 12)
    command = [sys.executable, "-c", _SMALL_BATCHES, "load", "--store"]
    subprocess.run([*command, tmp_path / "whole", project], check=True, capture_output=True)
    drawn, kills = random.Random(7), 0
    for _ in range(40):
        process = subprocess.Popen(
            [*command, tmp_path / "store", project], stdout=subprocess.PIPE, start_new_session=True
        )
        journal = tmp_path / "store" / "journal.jsonl"
        before = journal.stat().st_size if journal.exists() else 0
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            grown = journal.exists() and journal.stat().st_size > before
            if grown and kills < 6:
                time.sleep(drawn.uniform(0, 0.2))
                process.send_signal(signal.SIGKILL)
            time.sleep(0.005)
        process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        kills += 1
    assert process.returncode == 0
    assert kills > 2

    whole, store = _held(tmp_path / "whole"), _held(tmp_path / "store")
    assert {str(quad) for quad in store} == {str(quad) for quad in whole}
    assert ondisk.manifest_of(tmp_path / "store").digest == (
        ondisk.manifest_of(tmp_path / "whole").digest
    )
    assert not list((tmp_path / "store" / "data").glob("bulk-*"))


def test_a_full_disk_is_told_in_a_line_and_the_next_run_goes_on(
    project: Path, tmp_path: Path, run: Run
) -> None:
    _articles(project / "data", 6)
    store = tmp_path / "store"

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    full = subprocess.run(
        [sys.executable, "-m", "communique", "load", "--store", store, project],
        preexec_fn=little_room,
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 2
    assert full.stderr.startswith(f"Error: {store}: no room. Make room and run communique load")
    assert full.stderr.count("\n") == 1
    assert run("query", "chain", "--root", project, "--store", store).exit_code == 2
    _loaded(run, store, project)

    assert _quads(_held(store)) == _quads(dataset.union(_flat(project)))


def _flat(project: Path) -> Store:
    """Load a project in memory, packed files too."""
    for path in (project / "data").glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    return dataset.load(project)


def test_ctrl_c_stops_at_once_and_the_next_run_goes_on(
    project: Path, tmp_path: Path, run: Run
) -> None:
    lines = (f"<urn:x:{each}> <urn:x:b> <urn:x:{each * 7}> .\n" for each in range(600_000))
    (project / "data" / "large.nt").write_text("".join(lines))
    store = tmp_path / "store"
    process = subprocess.Popen(
        [sys.executable, "-m", "communique", "load", "--store", store, project],
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while not list(store.glob("data/bulk-*")) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)

    assert (process.returncode, told) == (130, "Interrupted.\n")
    assert run("query", "chain", "--root", project, "--store", store).exit_code == 2
    (project / "data" / "large.nt").write_text(f"{_TRIPLE} .")
    assert "6 files" in _loaded(run, store)
    assert _quads(_held(store)) == _quads(dataset.union(dataset.load(project)))


def test_a_quad_that_a_store_has_twice_is_one(tmp_path: Path) -> None:
    for name in ("a.nt", "b.nt"):
        (tmp_path / name).write_text(f"{_TRIPLE} .\n{_TRIPLE} .")
    loading.load(tmp_path / "store", [tmp_path / "a.nt", tmp_path / "b.nt"])

    plain = [quad for quad in _held(tmp_path / "store") if quad.graph_name == DefaultGraph()]
    assert plain == [Quad(*(NamedNode(f"urn:x:{each}") for each in "abc"))]
