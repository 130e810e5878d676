"""The benchmark runs at tiny sizes, and does not count what is found wrongly."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

COMPARED = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from bench import Bench, Measured
bench = Bench(Path(), 1, 1, 1)
for stack, task, found in json.loads(sys.argv[3]):
    bench.measured.append(Measured(1, task, stack, [1.0], found=found))
bench._compare(1, Path(sys.argv[2]))
print(json.dumps([each.problem for each in bench.measured]))
"""
TOLD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from bench import Measured, report
rows = json.loads(sys.argv[2])
print(report([Measured(n, task, stack, [s], problem=why) for n, task, stack, s, why in rows]))
"""
WEIGHED = """
import sys
sys.path.insert(0, sys.argv[1])
from bench import run
heavy = "import time; held = bytearray(60 << 20); time.sleep(3)"
two = "import subprocess, sys; c = [sys.executable, '-c', sys.argv[1]]; "
two += "[each.wait() for each in [subprocess.Popen(c), subprocess.Popen(c)]]"
print(run([sys.executable, "-c", two, heavy], 60).memory)
"""
FOUND = [["a1:s001", "shape:Statement-force"]]


def _run(checkout: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(checkout / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )


def _problems(checkout: Path, project: Path, *found: tuple[str, str, object]) -> list[str]:
    listed = "file,kind,thing,rule\nx.ttl,a kind,a1:s001,shape:Statement-force\n"
    (project / "faults.csv").write_text(listed, encoding="utf-8")
    program = ["-c", COMPARED, checkout / "benchmarks", project, json.dumps(found)]
    problems: list[str] = json.loads(_run(checkout, *program).stdout)
    return problems


def test_a_tiny_run_writes_figures_and_a_chart(checkout: Path, tmp_path: Path) -> None:
    script = checkout / "benchmarks" / "bench.py"
    sizes = ("--articles", "1,2", "--runs", 1, "--stacks", "communique")

    ran = _run(checkout, script, *sizes, "-o", tmp_path)

    told = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip() == told.strip()
    rows = re.findall(r"^\| ([12]) \| (.+?) \| communique \| ([0-9.]+) \|", told, re.MULTILINE)
    assert len(rows) == 8 + 6
    two = {task: float(seconds) for articles, task, seconds in rows if articles == "2"}
    parts = two["load, and infer"] + two["validate"] + two["all questions"]
    assert two["the three together"] == pytest.approx(parts, abs=0.002)
    assert re.search(r"\| all questions \| 1 \| 2 \| 2 times \| [0-9.]+ times \|", told)
    chart = ET.parse(tmp_path / "results.svg").getroot()  # noqa: S314  our own file
    assert sum(each.tag.endswith("rect") for each in chart.iter()) == 1 + 1 + len(rows)


def test_a_stack_that_breaks_has_no_figure(checkout: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(checkout / "benchmarks", tmp_path / "benchmarks"))
    stacks = copy / "stacks.py"
    stacks.write_text(stacks.read_text(encoding="utf-8").replace("def ask(", "def asks("))
    sizes = ("--articles", "1", "--runs", 1, "--stacks", "communique")

    ran = _run(checkout, copy / "bench.py", *sizes, "-o", tmp_path)

    told = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "| 1 | all questions | communique | failed: AttributeError" in told
    assert ran.returncode == 1


def test_a_store_is_measured(checkout: Path, tmp_path: Path) -> None:
    questions = list((checkout / "queries").glob("*.rq"))

    ran = _run(checkout, checkout / "benchmarks" / "store.py", "1", tmp_path)

    assert ran.stderr == ""
    assert f"| questions asked | {len(questions)} |" in ran.stdout
    assert re.search(r"\| command `compare a1:v066` \| [0-9.]+ s, computing", ran.stdout)
    assert "## 100,000 articles, not measured: 100,000 times the last" in ran.stdout


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="no /proc")
def test_the_memory_of_a_run_is_that_of_all_its_processes(checkout: Path) -> None:
    told = _run(checkout, "-c", WEIGHED, checkout / "benchmarks").stdout

    assert float(told) > 2 * 60


def test_rows_that_differ_are_marked_as_wrong(checkout: Path, tmp_path: Path) -> None:
    one, other = {"demands": "a", "times": "c"}, {"demands": "b", "times": "c"}
    found = ("communique", "ask", one), ("oxigraph", "ask", other), ("oxigraph", "load", None)

    wrong = "wrong: other rows of demands"
    assert _problems(checkout, tmp_path, *found) == ["", wrong, ""]
    assert _problems(checkout, tmp_path, found[1], ("ordinary", "ask", one)) == [wrong, ""]
    assert _problems(checkout, tmp_path, found[0], ("oxigraph", "ask", one)) == ["", ""]


def test_a_stack_that_does_not_find_what_is_planted_is_marked_as_wrong(
    checkout: Path, tmp_path: Path
) -> None:
    right = ("communique", "validate", FOUND)
    blind = ("ordinary", "validate", FOUND[:0])

    assert _problems(checkout, tmp_path, blind, right) == [
        "wrong: not the faults that are planted",
        "",
    ]


def test_an_edit_is_put_back(checkout: Path, tmp_path: Path) -> None:
    program = "import sys; sys.path.insert(0, sys.argv[1]); from stacks import edit, edited\n"
    program += "from pathlib import Path\nwith edited(Path(sys.argv[2])) as path:\n"
    program += "    edit(path); edit(path); print(path.read_text())"
    article = tmp_path / "data" / "articles" / "a.ttl"
    article.parent.mkdir(parents=True)
    article.write_text('a1:s001 rdfs:label "Kremlin: no"@en .', encoding="utf-8")

    told = _run(checkout, "-c", program, checkout / "benchmarks", tmp_path).stdout

    assert told.strip() == 'a1:s001 rdfs:label "Kremlin: no too too"@en .'
    assert article.read_text(encoding="utf-8") == 'a1:s001 rdfs:label "Kremlin: no"@en .'


def test_goals_are_met_or_not_and_a_bound_below_one_shows_nothing(checkout: Path) -> None:
    rows = [
        (1, "command validate", "ordinary", 40.0, ""),
        (1, "command validate", "communique", 1.0, ""),
        (1, "command ask", "ordinary", 3.0, ""),
        (1, "command ask", "communique", 1.0, ""),
        (100, "load", "ordinary", 31.0, "over 31 s"),
        (100, "load", "communique", 1.0, ""),
        (100, "all", "ordinary", 50.0, "over 50 s"),
        (100, "all", "communique", 1.0, ""),
        (1000, "all", "communique", 13.0, ""),
    ]

    told = _run(checkout, "-c", TOLD, checkout / "benchmarks", json.dumps(rows)).stdout

    goals = told.partition("| goal |")[2]
    assert re.findall(r"\| ([^|]*) \| (met|not \w+) \|", goals) == [
        ("40.0", "met"),
        ("3.0", "not met"),
        ("over 31.0", "met"),
        ("over 50.0", "not shown"),
        ("13.0 times", "not met"),
    ]
