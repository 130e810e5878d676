"""A process that is watched: it answers, or it is lost, and the next question is answered again."""

import os
import signal
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from communique import inside
from communique.watched import LostError, Watched

_HERE = Path(__file__).parent


def answering(greeting: str) -> Callable[[str], bytes]:
    """Return what does as it is told."""

    def answer(asked: str) -> bytes:
        if asked == "sleep":
            signal.pause()
        if asked == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if asked == "eat":
            return bytes(2**40)
        if asked.endswith(".once") and not Path(asked).exists():
            Path(asked).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return f"{greeting} {asked}".encode()

    return answer


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(_HERE))


def _watched(seconds: float = 60) -> Watched:
    return Watched("test_watched:answering", "hello", seconds=seconds)


def test_one_process_answers_one_question_after_another() -> None:
    with _watched() as watched:
        assert [watched.ask("a"), watched.ask("b")] == [b"hello a", b"hello b"]


@pytest.mark.parametrize(
    ("asked", "why"), [("die", "ended the process"), ("sleep", "within 3 s"), ("eat", "memory")]
)
def test_what_is_lost_is_told_and_the_next_is_answered(asked: str, why: str) -> None:
    with _watched(3) as watched:
        with pytest.raises(LostError, match=why):
            watched.ask(asked)
        assert watched.ask("a") == b"hello a"


def test_what_the_system_ends_once_is_asked_again(tmp_path: Path) -> None:
    with _watched() as watched:
        assert watched.ask(str(tmp_path / "a.once")).startswith(b"hello")


class Ring:
    """Something that only the collector finds to be garbage."""

    def __init__(self) -> None:
        """Hold on to oneself."""
        self.ring = self


def heaping() -> Callable[[str], bytes]:
    """Return what leaves garbage, and tells how much of it there is."""
    alive = weakref.WeakSet[Ring]()

    def answer(_: str) -> bytes:
        alive.add(Ring())
        return str(len(alive)).encode()

    return answer


def test_garbage_does_not_heap_up() -> None:
    with Watched("test_watched:heaping") as watched:
        alive = [int(watched.ask("a")) for _ in range(3 * inside.BETWEEN)]

    assert alive[-1] <= max(alive) == inside.BETWEEN
