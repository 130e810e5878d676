"""Verify passages and spans against a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import COPY, ROOT, project_of
from communique.commands.terminal import end, tell

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@ROOT
@COPY
@click.option("--list", "tell_all", is_flag=True, help="Say of each one where it is.")
def evidence(root: Path | None, copy: Path | None, *, tell_all: bool) -> None:
    """Verify every passage and span against your own copy of the article.

    \b
    Example:
      communique evidence --copy article.txt
      communique evidence --copy article.txt --list
    """
    from communique import building, dataset

    store = dataset.load(project_of(root), infer=False)
    checked = building.check_evidence(store, copy, tell_all=tell_all)
    tell([*checked.warnings, *checked.findings, checked.summary])
    end(bad=checked.findings)
