"""How long the commands that people wait for take to start, against Python itself.

Run it on a quiet machine: python benchmarks/startup.py [runs]
"""

import os
import statistics
import subprocess
import sys
import time

_MAIN = "import sys; sys.argv[0] = 'communique'; from communique.__main__ import main; main()"
_CASES: dict[str, tuple[list[str], dict[str, str]]] = {
    "python -c pass": (["-c", "pass"], {}),
    "communique --help": (["-c", _MAIN, "--help"], {}),
    "communique query": (["-c", _MAIN, "query"], {}),
    "communique query demands": (["-c", _MAIN, "query", "demands"], {}),
    "complete a question": (
        ["-c", _MAIN],
        {"COMP_WORDS": "communique query de", "COMP_CWORD": "2"},
    ),
    "complete a parameter": (
        ["-c", _MAIN],
        {"COMP_WORDS": "communique query demands --s", "COMP_CWORD": "3"},
    ),
    "complete a value": (
        ["-c", _MAIN],
        {"COMP_WORDS": "communique query demands --side kr", "COMP_CWORD": "4"},
    ),
}


def measure(arguments: list[str], extra: dict[str, str], runs: int) -> list[float]:
    """Return how many milliseconds each of some runs took."""
    environment = {**os.environ, **extra}
    if extra:
        environment["_COMMUNIQUE_COMPLETE"] = "zsh_complete"
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def main() -> None:
    """Print the median and the fastest run of each case, and the median beyond Python's own."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    bare = 0.0
    print(f"{'milliseconds':<28}{'median':>8}{'fastest':>9}{'beyond':>8}")
    for name, (arguments, extra) in _CASES.items():
        taken = measure(arguments, extra, runs)
        median = statistics.median(taken)
        bare = bare or median
        print(f"{name:<28}{median:>8.0f}{min(taken):>9.0f}{median - bare:>8.0f}")


if __name__ == "__main__":
    main()
