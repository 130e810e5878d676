"""Tell everything about one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import ROOT, SHEET, STORE, project_of
from communique.commands.terminal import note, write

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("name")
@ROOT
@STORE
@SHEET
def show(name: str, root: Path | None, store: Path | None, form: str) -> None:
    """Tell everything about one thing, by its id or its label: who says so, and where.

    \b
    Example:
      communique show Kremlin
      communique show a1:u009 --format md
    """
    from communique import show as showing

    told = showing.show(project_of(root), name, form=form, on_disk=store, tell=note)
    write(told, None)
