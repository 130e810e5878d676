"""Run `communique validate` on many projects in one process, and tell of each as it ends.

Reads one folder a line; writes one JSON object a line: exit, output, seconds of one core, and
the peak of the memory in bytes.
"""

import json
import resource
import sys
import time
from pathlib import Path

from click.testing import CliRunner

from communique.cli import main

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def _peak() -> int:
    """Return the most memory that was used since the last look."""
    if not _STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
    _CLEAR.write_text("5")
    return int(lines["VmHWM"].split()[0]) * 1024


def _run(root: str) -> dict[str, object]:
    _peak()
    begin = time.process_time()
    result = CliRunner().invoke(main, ["validate", "--root", root])
    seconds = time.process_time() - begin
    bug = "" if result.exception is None else repr(result.exception)
    return {
        "root": root,
        "exit": result.exit_code,
        "output": result.output,
        "bug": "" if isinstance(result.exception, SystemExit) else bug,
        "seconds": seconds,
        "memory": _peak(),
    }


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(line.removesuffix("\n"))) + "\n")
        sys.stdout.flush()
