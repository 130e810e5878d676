"""What commands say: their results on stdout, and on stderr what goes on."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from click._termui_impl import ProgressBar

_UNSEEN = 2.0
"""Seconds that work may take without showing how much of it is done."""


def tell(things: Iterable[object]) -> None:
    """Print things, each on its lines."""
    for thing in things:
        _echo(f"{thing}\n")


def write(text: str | bytes, output: Path | None, *, option: str = "-o") -> None:
    """Write a result to a file, or else to stdout."""
    from communique.errors import CommuniqueError

    if output is None:
        if isinstance(text, bytes) and sys.stdout and sys.stdout.isatty():
            raise CommuniqueError("xlsx: not for a terminal. Give a file with -o")
        _echo(text)
        return
    try:
        output.write_bytes(text if isinstance(text, bytes) else text.encode())
    except OSError as error:
        raise CommuniqueError(f"{output}: {error.strerror}. Give another {option}") from error


def _echo(text: str | bytes) -> None:
    from communique.errors import CommuniqueError

    if sys.stdout is None:
        raise CommuniqueError("output: standard output is closed. Open it, or give -o FILE")
    click.echo(text, nl=False)


def note(text: str) -> None:
    """Say something beside the result."""
    click.echo(text, err=True)


def is_coloured() -> bool:
    """Tell whether there is a terminal, and nobody who asks for no colours."""
    return bool(sys.stdout and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how much is done, if it takes longer than two seconds."""
    begun, shown, bars = time.monotonic(), _is_watched(), list["ProgressBar[int]"]()

    def progress(done: int, of: int) -> None:
        if shown and time.monotonic() - begun > _UNSEEN:
            if not bars or bars[0].length != of:
                for bar in bars:
                    bar.render_finish()
                bars[:] = [click.progressbar(length=of, label="Checking", file=sys.stderr)]
            bars[0].update(done - bars[0].pos)

    try:
        yield progress
    finally:
        for bar in bars:
            bar.render_finish()


def progress_lines() -> Callable[[str], None]:
    """Talk on a terminal only."""
    shown = _is_watched()
    return lambda text: click.echo(text, err=True) if shown else None


def _is_watched() -> bool:
    return bool(sys.stderr and sys.stderr.isatty())


def end(*, bad: object) -> None:
    """End with 1 if something is bad."""
    if bad:
        raise click.exceptions.Exit(1)
