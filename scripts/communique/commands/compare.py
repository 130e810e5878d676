"""Put accounts side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import ROOT, SHEET, STORE, project_of
from communique.commands.terminal import note, write

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("event", required=False)
@ROOT
@click.option(
    "--between",
    metavar="VOICE",
    multiple=True,
    help="Take only this voice's account; give it once for each.",
)
@STORE
@SHEET
def compare(
    event: str | None,
    root: Path | None,
    between: tuple[str, ...],
    store: Path | None,
    form: str,
) -> None:
    """Put the accounts of an event side by side, issue by issue.

    Without an event it takes the only one that has accounts.

    \b
    Example:
      communique compare
      communique compare a1:v066 --format md
      communique compare --between "White House" --between Kremlin
    """
    from communique import compare as comparing

    project = project_of(root)
    told = comparing.compare(project, event, form=form, between=between, on_disk=store, tell=note)
    write(told, None)
