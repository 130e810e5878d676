"""Spark finds and answers what one process does: here, and on a cluster that loses a worker."""

import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, Store

import clusters
from communique import questions, sparkvalidation
from communique.dataset import load, union
from communique.findings import Finding, Region, Rule
from communique.landing import COMMITTED
from communique.spark import Job
from communique.validation import validate
from conftest import HERE, Run

ARTICLES = 10
UNREADABLE = (7, 8)
LOCAL = (
    "--master=local[2]",
    "--group=5",
    *(f"--conf={name}={value}" for name, value in clusters.SETTINGS.items()),
)


@pytest.fixture(scope="module", autouse=True)
def _spark() -> None:
    clusters.needed()


def _project(root: Path, faults: Mapping[int, tuple[str, str]]) -> Path:
    """Write a project of small articles, some of which have faults."""
    shutil.copytree(HERE / "project", root)
    (first,) = (root / "data" / "articles").glob("*.ttl")
    for number in range(2, ARTICLES + 1):
        text = first.read_text().replace("a1:", f"a{number}:").replace("/a1/", f"/a{number}/")
        old, new = faults.get(number, ("", ""))
        assert old in text
        _article(root, number).write_text(text.replace(old, new, 1))
    return root


def _article(root: Path, number: int) -> Path:
    return root / "data" / "articles" / f"{number:02}-copy-é.ttl"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with faults of many layers, and a link into another article."""
    faults = {
        3: ("    cmq:voice actor:sylvania ;\n", ""),
        4: ("cmqv:assert ;", "cmqv:assert , cmqv:accept ;"),
        5: ("relays a5:s001a", "relays <https://w3id.org/communique/id/a6/s001a>"),
        7: ("cmq:voice actor:freedonia", "cmq:voice a7:u01"),
    }
    return _project(tmp_path_factory.mktemp("faulty") / "project", faults)


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with articles that cannot be read."""
    faults = {7: ("herring", "her\x07ring"), 8: ("herring", "her\u202ering")}
    return _project(tmp_path_factory.mktemp("poisoned") / "project", faults)


def _findings(out: Path) -> list[Finding]:
    import pyarrow.parquet as pq

    found = []
    for row in pq.read_table(out / "findings").to_pylist():
        region = Region(*(row.pop(n) for n in ("line", "column", "end_line", "end_column")))
        rule = Rule(*(row.pop(n) for n in ("rule", "rule_text", "rule_file", "rule_line")))
        found.append(Finding(region=region, rule=rule, **row))
    return found


def _shards(root: Path, folder: Path) -> Path:
    """Write the articles as two files of Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    files = sorted((root / "data" / "articles").iterdir())
    for number, some in enumerate((files[:5], files[5:])):
        paths = [path.relative_to(root).as_posix() for path in some]
        table = pa.table({"path": paths, "content": [path.read_bytes() for path in some]})
        pq.write_table(table, folder / f"{number}.parquet")
    return folder


def test_the_findings_are_those_of_one_process(poisoned: Path, tmp_path: Path, run: Run) -> None:
    out, articles = tmp_path / "out", poisoned / "data" / "articles"
    result = run("spark", "validate", articles, "--root", poisoned, "-o", out, *LOCAL)
    expected = validate(poisoned)

    assert result.exit_code == 1, result.output
    assert result.stdout == f"{expected}\n"
    assert {f.file for f in expected.findings} == {
        _article(poisoned, number).relative_to(poisoned).as_posix() for number in UNREADABLE
    }
    assert _findings(out) == list(expected.findings)
    assert json.loads((out / COMMITTED).read_text())["articles"] == ARTICLES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_cluster_that_loses_a_worker_finds_the_same(faulty: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with clusters.cluster(tmp_path) as cluster:
        job = Job(
            str(_shards(faulty, tmp_path / "shards")),
            str(out),
            shards=True,
            master=cluster.master,
            settings=(*clusters.SETTINGS.items(), ("spark.sql.files.minPartitionNum", "2")),
        )
        killing = threading.Thread(target=_kill_one, args=(cluster, tmp_path))
        killing.start()
        report = sparkvalidation.validate(faulty, job)
        killing.join()

        assert [worker.poll() for worker in cluster.workers] == [-9, None]
        assert {path.parts[-3] for path in cluster.executors} == {"worker-1", "worker-2"}
    expected = validate(faulty)
    assert report == expected
    assert len(expected.findings) > 2
    assert _findings(out) == list(expected.findings)
    assert [(f.before, f.excerpt) for f in _findings(out)] == [
        (f.before, f.excerpt) for f in expected.findings
    ]


def _kill_one(cluster: clusters.Cluster, folder: Path) -> None:
    """Kill a worker with its executor while the articles are checked."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if list(folder.glob("out.staging-*/outcomes-1/_temporary/0/_temporary/*")):
            clusters.kill(cluster.workers[0])
            return
        time.sleep(0.01)


def test_the_rows_are_those_of_one_process(poisoned: Path, tmp_path: Path, run: Run) -> None:
    root, out = Path(shutil.copytree(poisoned, tmp_path / "project")), tmp_path / "out"
    result = run("spark", "query", root / "data" / "articles", "--root", root, "-o", out, *LOCAL)
    for number in UNREADABLE:
        _article(root, number).unlink()
    store = union(load(root))

    assert result.exit_code == 1, result.output
    assert result.stdout.splitlines() == ["chain: 8 rows", "speaks-for: 8 rows"]
    assert [line.split(":")[0] for line in result.stderr.splitlines() if "not asked" in line] == [
        f"data/articles/{number:02}-copy-é.ttl" for number in UNREADABLE
    ]
    for name in ("chain", "speaks-for"):
        assert _rows(out / name) == _answer(store, questions.find(root, name))


def _rows(folder: Path) -> Counter[tuple[str | None, ...]]:
    import pyarrow.parquet as pq

    return Counter(tuple(row.values()) for row in pq.read_table(folder).to_pylist())


def _answer(store: Store, question: questions.Question) -> Counter[tuple[str | None, ...]]:
    found = questions.ask(store, question.sparql)
    assert isinstance(found, QuerySolutions)
    return Counter(tuple(None if t is None else str(t) for t in row) for row in found)


def test_a_link_into_another_article_makes_questions_look_across(
    faulty: Path, tmp_path: Path, run: Run
) -> None:
    place = (faulty / "data" / "articles", "--root", faulty, "-o", tmp_path / "out")
    result = run("spark", "query", *place, *LOCAL)

    assert result.stdout == ""
    assert "chain: not asked, not within an article: what is inferred: nothing" in result.stderr
    assert "communique load --store DIR" in result.stderr


def test_a_question_across_articles_is_named_and_nothing_is_written(
    poisoned: Path, tmp_path: Path, run: Run
) -> None:
    across = tmp_path / "across.rq"
    across.write_text("SELECT ?a ?b { ?a cmq:voice ?v . ?b cmq:voice ?v . FILTER(?a != ?b) }")
    place = (poisoned / "data" / "articles", "--root", poisoned, "-o", tmp_path / "out")
    result = run("spark", "query", *place, across, *LOCAL)

    assert result.exit_code == 2
    assert "across (nothing holds `?b cmq:voice ?v` within one article)" in result.stderr
    assert list(tmp_path.iterdir()) == [across]


def test_what_counts_already_is_not_overwritten(poisoned: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / COMMITTED).touch()
    result = run(
        "spark",
        "validate",
        poisoned / "data" / "articles",
        "--root",
        poisoned,
        "-o",
        tmp_path,
        *LOCAL,
    )

    assert result.exit_code == 2
    assert result.stderr.endswith(f"Error: {tmp_path}: holds a result. Choose another folder\n")


def test_an_article_that_spark_would_pass_over_is_named(
    poisoned: Path, tmp_path: Path, run: Run
) -> None:
    root = Path(shutil.copytree(poisoned, tmp_path / "project"))
    hidden = root / "data" / "articles" / "_hidden.ttl"
    hidden.touch()
    result = run("spark", "validate", hidden.parent, "--root", root, "-o", tmp_path / "out", *LOCAL)

    assert result.exit_code == 2
    assert f"{hidden}: Spark passes over names with _. Rename it" in result.stderr


def test_what_a_worker_raises_is_told(
    poisoned: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("communique.resources.version", lambda: "0.0.0")
    place = (poisoned / "data" / "articles", "--root", poisoned, "-o", tmp_path / "out")
    result = run("spark", "validate", *place, *LOCAL)

    assert result.exit_code == 2
    assert "the job failed: RuntimeError: a worker has communique 0.1.0, and the driver 0.0.0" in (
        result.stderr
    )
    assert list(tmp_path.iterdir()) == []
