"""Many articles on all cores: each worker checks one after another, and is replaced if it ends.

A worker that the system kills, or that takes too long over an article, costs that article only: it
is tried once more by a worker of its own, and then told of as a finding.
"""

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from communique import child, inside
from communique.__main__ import keep_all
from communique.articles import Outcome
from communique.concluding import Unit, check_files, one_by_one, unopened
from communique.errors import CommuniqueError
from communique.findings import Finding, Region, Rule
from communique.frame import Context

FEWEST = 16
"""For fewer units no worker is started."""
_ENDED = Rule("unchecked-file", "A file can be checked in the time and the memory that there is.")
_HINT = "Divide the file, or take out what was changed last"

Telling = Callable[[int, int], None]
"""Hears how many units are done, and of how many."""


@dataclass
class Workers:
    """Checks units of articles on several cores (see concluding.Checking)."""

    jobs: int
    seconds: float
    """How long one unit may take."""
    tell: Telling = lambda _done, _all: None

    def __call__(self, context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
        """Yield what comes of each unit, in any order."""
        if self.jobs == 1 or len(units) < FEWEST:
            for done, outcome in enumerate(one_by_one(context, units), 1):
                self.tell(done, len(units))
                yield outcome
            return
        team = _Team(context, self.seconds)
        try:
            for done, outcome in enumerate(team.outcomes(units, self.jobs), 1):
                self.tell(done, len(units))
                yield outcome
        finally:
            team.end()


@dataclass
class _Worker:
    """A process that checks units, the end of its pipe, and what it is doing."""

    process: BaseProcess
    pipe: Connection
    unit: Unit | None = None
    tries: int = 0
    until: float = 0.0


class _Team:
    """The workers of one run."""

    def __init__(self, context: Context, seconds: float) -> None:
        self._context = context
        self._seconds = seconds
        self._workers = list[_Worker]()

    def outcomes(self, units: Sequence[Unit], jobs: int) -> Iterator[Outcome]:
        """Yield the outcomes of all units, as they come."""
        waiting = deque((unit, 0) for unit in units)
        for _ in range(min(jobs, len(units))):
            self._hire()
        while waiting or any(worker.unit for worker in self._workers):
            for worker in self._workers:
                if worker.unit is None and waiting:
                    self._give(worker, *waiting.popleft())
            for worker in self._ready():
                said = self._heard(worker)
                if isinstance(said, Outcome):
                    yield said
                elif said is not None and worker.unit:
                    yield from self._lost(worker, said, waiting)

    def _hire(self) -> None:
        """Start a worker: no copy of this process, which would lack the threads of the engine."""
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_work, args=(self._context, theirs), daemon=True)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))

    def _give(self, worker: _Worker, unit: Unit, tries: int) -> None:
        worker.unit, worker.tries = unit, tries
        worker.until = time.monotonic() + self._seconds
        try:
            worker.pipe.send(unit)
        except (BrokenPipeError, ConnectionError):
            worker.until = 0  # it ended, which is seen next

    def _ready(self) -> list[_Worker]:
        """Wait for those that have something to say, have ended, or are late."""
        busy = [worker for worker in self._workers if worker.unit]
        left = min(worker.until for worker in busy) - time.monotonic()
        heard = set(wait([worker.pipe for worker in busy], max(0, left)))
        now = time.monotonic()
        return [each for each in busy if each.pipe in heard or each.until <= now]

    def _heard(self, worker: _Worker) -> Outcome | str | None:
        """Return an outcome, or why there is none."""
        if not worker.pipe.poll():
            return "It is not done in time."
        try:
            said = worker.pipe.recv()
        except (EOFError, ConnectionError):
            worker.process.join(1)
            code = worker.process.exitcode or 0
            return f"It ended the process that checked it ({child.cause(code, '') or code})."
        if isinstance(said, Outcome):
            worker.unit = None
            return said
        raise said

    def _lost(
        self, worker: _Worker, why: str, waiting: deque[tuple[Unit, int]]
    ) -> Iterator[Outcome]:
        """Replace a worker; try its unit once more, unless it took too long or was tried before."""
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        self._hire()
        unit = worker.unit or ()
        if worker.tries or "in time" in why:
            yield unchecked(unit, why)
        else:
            waiting.appendleft((unit, 1))

    def end(self) -> None:
        """Let no worker live on."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()


def _work(context: Context, pipe: Connection) -> None:
    """Check what is asked for."""
    inside.die_with_parent()
    keep_all()
    for unit in inside.swept(_asked(pipe)):
        try:
            pipe.send(check_files(context, unit))
        except CommuniqueError as error:
            pipe.send(error)
        except MemoryError:
            os._exit(1)
        except Exception as error:  # noqa: BLE001  a bug, which is shown where the run is
            pipe.send(RuntimeError(f"{' '.join(unit)}: {error!r}"))


def _asked(pipe: Connection) -> Iterator[Unit]:
    """Yield what is asked for until nobody asks any more."""
    with suppress(EOFError):
        while True:
            yield pipe.recv()


def unchecked(unit: Unit, why: str) -> Outcome:
    """Return what is told of a unit that no worker could check."""
    return unopened(
        unit,
        [Finding(path, Region(), _ENDED, why, "error", "encoding", hint=_HINT) for path in unit],
    )
