"""Make a store on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import PathType
from communique.commands.terminal import end, note, progress_lines, tell

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("paths", nargs=-1, type=PathType())
@click.option(
    "--store",
    type=PathType(file_okay=False),
    required=True,
    help="The folder of the store: a new one, or one to be brought up to date.",
)
@click.option(
    "--root",
    type=PathType(file_okay=False),
    help="A project. Default: what the store was made of, else the current project.",
)
@click.option("--check", is_flag=True, help="Change nothing; tell whether it matches the files.")
def load(paths: tuple[Path, ...], store: Path, root: Path | None, *, check: bool) -> None:
    """Make a store on disk of files and folders, for sets that memory does not hold.

    It reads Turtle, TriG, N-Triples and N-Quads, also packed (.gz). A run that is killed goes on
    where it was. A file that cannot be read is told in the end, and the others are loaded. Then
    query, show, compare and test take --store, and read no other data.

    \b
    Example:
      communique load --store big
      communique load --store big ontology data more/*.nq.gz
      communique load --store big --check
      communique query demands --store big
    """
    from communique import loading

    places = loading.places(store, root, paths)
    if check:
        wrong = loading.differences(store, places)
        tell([*wrong, f"{store}: matches its files" if not wrong else f"{store}: does not match"])
        end(bad=wrong)
        return
    done = loading.load(store, places, progress=progress_lines(), tell=note)
    tell([*done.manifest.refused.values(), done])
    end(bad=done.manifest.refused)
