"""The generated corpus is the real article many times over, in other words."""

import csv
import gzip
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from communique.dataset import graph_iri
from communique.namespaces import PREFIXES, shrink
from communique.validation import validate
from conftest import Run

KINDS = 8
REQUIRED = {"account", "and", "not", "of", "reported", "the", "unnamed"}
"""Words that the shapes ask for in labels."""
KEPT = (
    NamedNode(PREFIXES["curator"] + "communique-contributors"),
    NamedNode(PREFIXES["dcterms"] + "identifier"),
)
"""The curators, and the names of passages."""


def _generate(
    checkout: Path, *arguments: object, hash_seed: str = "0"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, checkout / "benchmarks" / "corpus.py", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(checkout / "scripts"), "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def corpus(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of two articles without a fault."""
    folder = tmp_path_factory.mktemp("corpus") / "two"
    assert _generate(checkout, 2, folder, "--faults", 0).returncode == 0
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _article(folder: Path, number: int = 1) -> Path:
    (found,) = (folder / "data" / "articles").glob(f"{number:06}-*.ttl")
    return found


def _quads(path: Path) -> list[Quad]:
    return list(parse(path.read_bytes(), format=RdfFormat.TURTLE))


def _shape(path: Path) -> Counter[tuple[str, str]]:
    """Count each predicate with its concept or class, or with the datatype of its literal."""

    def sort(quad: Quad) -> str:
        if isinstance(quad.object, Literal):
            return quad.object.language or quad.object.datatype.value
        name = shrink(quad.object.value) if isinstance(quad.object, NamedNode) else ""
        return name if name.startswith(("cmq", "org")) else re.sub(r"a[0-9]+", "a", name)[:2]

    return Counter((quad.predicate.value, sort(quad)) for quad in _quads(path))


def _words(folder: Path) -> set[str]:
    literals = {
        quad.object.value
        for path in (folder / "data").rglob("*.ttl")
        for quad in _quads(path)
        if isinstance(quad.object, Literal) and not {quad.subject, quad.predicate} & set(KEPT)
        if quad.object.language or quad.object.datatype.value.endswith("#string")
    }
    return {word for text in literals for word in re.findall(r"[^\W\d_]{2,}", text.casefold())}


def test_a_generated_article_has_the_shape_of_the_real_one(checkout: Path, corpus: Path) -> None:
    (real,) = (checkout / "data" / "articles").glob("2025-*.ttl")

    assert _shape(_article(corpus, 1)) == _shape(_article(corpus, 2)) == _shape(real)


def test_no_word_of_the_real_project_is_in_the_generated_one(checkout: Path, corpus: Path) -> None:
    assert _words(corpus) & _words(checkout) == REQUIRED


def test_no_word_of_the_article_is_in_the_list_of_words(checkout: Path) -> None:
    article = checkout.parent / "shared" / "article" / "article.txt"
    if not article.is_file():
        pytest.skip("the article's text is not beside the checkout")
    words = set((checkout / "benchmarks" / "words.txt").read_text(encoding="utf-8").split())

    assert not words & set(re.findall(r"\w+", article.read_text(encoding="utf-8").casefold()))


def test_a_generated_project_passes_every_layer(corpus: Path, run: Run) -> None:
    assert run("test", "--update", "--root", corpus).exit_code == 0

    report = validate(corpus)

    assert (report.findings, report.unchecked) == ((), ())
    assert report.shapes_used == report.shapes


def test_each_planted_fault_gives_its_one_finding(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "faulty"
    _generate(checkout, KINDS, folder, "--faults", 1)
    with (folder / "faults.csv").open(encoding="utf-8", newline="") as listed:
        planted = list(csv.DictReader(listed))

    found = [each for each in validate(folder).findings if each.layer != "queries"]

    assert len({each["kind"] for each in planted}) == KINDS
    assert sorted((each.file, each.focus, each.rule.id) for each in found) == sorted(
        (each["file"], each["thing"], each["rule"]) for each in planted
    )


def test_one_article_in_so_many_has_a_fault(checkout: Path, tmp_path: Path) -> None:
    _generate(checkout, 100, tmp_path / "many", "--faults", 0.1, "--format", "nq.gz")
    listed = (tmp_path / "many" / "faults.csv").read_text(encoding="utf-8")

    numbers = [int(found) for found in re.findall(r",a([0-9]+):", listed)]
    assert [number - 1 for number in numbers] != list(range(numbers[0] - 1, 100, 10))
    assert [(number - 1) // 10 for number in numbers] == list(range(10))


def test_the_bytes_depend_on_the_seed_alone(checkout: Path, tmp_path: Path) -> None:
    for name, seed, hash_seed in (("one", 7, "1"), ("same", 7, "2"), ("other", 8, "1")):
        _generate(checkout, 2, tmp_path / name, "--seed", seed, hash_seed=hash_seed)

    one, same, other = (_files(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert one["data/curated.ttl"] != other["data/curated.ttl"]


def test_a_larger_corpus_begins_with_the_smaller_one(
    checkout: Path, corpus: Path, tmp_path: Path
) -> None:
    _generate(checkout, 5, tmp_path / "five", "--faults", 0)
    larger = _files(tmp_path / "five")

    smaller = {path: data for path, data in _files(corpus).items() if path.startswith("data/")}

    assert len(smaller) == 4
    for path, data in smaller.items():
        assert larger[path][: len(data)] == data


def test_the_words_that_evidence_points_at_are_where_it_says(
    checkout: Path, corpus: Path, tmp_path: Path, run: Run
) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from corpus import Corpus;"
        "sys.stdout.buffer.write(Corpus().article(2).text.encode())"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, checkout / "benchmarks"],
        env={**os.environ, "PYTHONPATH": str(checkout / "scripts")},
        capture_output=True,
        check=True,
    )
    copy = tmp_path / "copy.txt"
    copy.write_bytes(told.stdout)

    result = run("evidence", "--copy", copy, "--root", corpus)

    assert result.exit_code == 0
    assert re.search(r"30 passages verified, [0-9]+ spans verified\n$", result.output)


def test_articles_share_a_registry_that_grows(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ten"
    _generate(checkout, 10, folder)
    described = {quad.subject for quad in _quads(folder / "data" / "actors.ttl")}
    named = {
        number: {
            quad.object
            for quad in _quads(_article(folder, number))
            if isinstance(quad.object, NamedNode)
            and quad.object.value.startswith(PREFIXES["actor"])
        }
        for number in range(1, 11)
    }

    assert set().union(*named.values()) <= described
    assert any(named[1] & named[number] for number in range(2, 11))
    assert any(named[number] - named[1] for number in range(2, 11))


@pytest.mark.parametrize("kind", ["nq", "nq.gz"])
def test_quads_say_the_same_as_turtle(
    kind: str, checkout: Path, corpus: Path, tmp_path: Path
) -> None:
    _generate(checkout, 2, tmp_path / "quads", "--faults", 0, "--format", kind)
    (file,) = (tmp_path / "quads" / "data" / "articles").iterdir()
    data = gzip.decompress(file.read_bytes()) if kind == "nq.gz" else file.read_bytes()
    quads = list(parse(data, format=RdfFormat.N_QUADS))

    assert file.name == f"000001-000002.{kind}"
    assert {quad.triple for quad in quads} == {
        quad.triple for number in (1, 2) for quad in _quads(_article(corpus, number))
    }
    assert {quad.graph_name for quad in quads} == {
        graph_iri(f"source/{_article(corpus, number).stem}") for number in (1, 2)
    }


def test_a_folder_that_holds_something_is_left_alone(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine", encoding="utf-8")

    result = _generate(checkout, 1, tmp_path)

    assert result.returncode == 1
    assert "not empty. Give a new folder" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
