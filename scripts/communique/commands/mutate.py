"""Corrupt the data, and tell what no shape notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import ROOT, project_of
from communique.commands.terminal import end, progress_lines, tell

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@ROOT
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Which mutants are drawn. Reasons are listed for 0.",
)
@click.option("--update", is_flag=True, help="List what nothing notices now.")
def mutate(root: Path | None, seed: int, *, update: bool) -> None:
    """Corrupt the data in many ways, one at a time, and tell what no shape notices.

    Survivors are listed in tests/mutants.csv, each class of them with a reason that a person
    wrote; one without a reason is a finding, and so is a score below 95 %, with what only the
    text refutes counted as missed or not. It takes a minute or two. `test --mutate` does so with
    queries.

    \b
    Example:
      communique mutate
      communique mutate --seed 7
      communique mutate --update
    """
    from communique import catching

    project = project_of(root)
    score = catching.run(project, seed=seed, progress=progress_lines())
    if update:
        score = catching.update(project, score)
    wrong = catching.findings(project, score, whole=seed == catching.SEED)
    tell([*wrong, score])
    end(bad=wrong)
