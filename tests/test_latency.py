"""What is measured of questions is laid out by growth, and a slow one is ended."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from latency import Latency, report
print("\\n".join(report([Latency(*each) for each in json.loads(sys.argv[2])])))
"""
ENDLESS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from pyoxigraph import NamedNode, Quad, Store
from communique.questions import parse
from latency import measure
thing = NamedNode("urn:x")
store = Store()
store.extend(Quad(NamedNode(f"urn:{n}"), thing, thing) for n in range(2000))
slow = parse(Path("slow.rq"), "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
quick = parse(Path("quick.rq"), "SELECT * { ?a <urn:x> ?c }")
answered = measure(store, quick, 1, 2, 20)
print(measure(store, slow, 1, 1, 0.2).median, answered.rows, len(answered.milliseconds))
"""


def _run(checkout: Path, *arguments: object) -> str:
    ran = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(checkout / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


def test_growth_is_from_one_size_to_the_next_and_the_slowest_comes_first(checkout: Path) -> None:
    measured = [
        ("quick", 10, 5, [2.0, 1.0, 9.0]),
        ("quick", 100, 50, [20.0]),
        ("slow", 10, 1, [10.0]),
        ("slow", 100, 1, [1500.0]),
        ("ended", 10, 1, [100.0]),
        ("ended", 100, 0, []),
    ]

    told = _run(checkout, "-c", PROGRAM, checkout / "benchmarks", json.dumps(measured))

    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines()[2:-2]]
    assert rows == [
        ["ended", "10", "1", "100.0", "100.0", "10", ""],
        ["ended", "100", "", "ended", "", "", ""],
        ["slow", "10", "1", "10.0", "10.0", "100", ""],
        ["slow", "100", "1", "1,500.0", "1,500.0", "1", "150.0"],
        ["quick", "10", "5", "2.0", "9.0", "2,500", ""],
        ["quick", "100", "50", "20.0", "20.0", "2,500", "10.0"],
    ]
    assert told.splitlines()[-1] == "At 100 articles 1 of 3 questions take less than 1 s."


def test_a_question_that_takes_too_long_is_ended(checkout: Path) -> None:
    told = _run(checkout, "-c", ENDLESS, checkout / "benchmarks")

    assert told.split() == ["None", "2000", "2"]


def test_a_tiny_run_prints_a_row_for_each_size(checkout: Path) -> None:
    script = checkout / "benchmarks" / "latency.py"

    told = _run(checkout, script, "demands", "--articles", "1,2", "--runs", 1)

    assert "| demands | 1 | " in told
    assert "| demands | 2 | " in told
