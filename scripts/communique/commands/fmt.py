"""Write files in their canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import ROOT, PathType, project_of
from communique.commands.terminal import end, tell

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("paths", nargs=-1, type=PathType())
@ROOT
@click.option("--check", is_flag=True, help="Change nothing; fail if something would change.")
def fmt(paths: tuple[Path, ...], root: Path | None, *, check: bool) -> None:
    """Write Turtle files and queries in their one canonical form.

    \b
    Example:
      communique fmt
      communique fmt --check data/actors.ttl
    """
    from communique import turtle

    changed = turtle.rewrite(turtle.chosen(project_of(root), paths), check=check)
    tell(f"{path}: {'is not' if check else 'now'} in canonical form" for path in changed)
    end(bad=check and changed)
