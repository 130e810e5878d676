"""Do the main job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import COPY, OUT, ROOT, project_of
from communique.commands.terminal import end, progress_lines, tell

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@ROOT
@OUT
@COPY
@click.option("--strict", is_flag=True, help="Let warnings fail, too.")
def build(root: Path | None, out: Path, copy: Path | None, *, strict: bool) -> None:
    """Do the main job: check everything, answer every question, write what is published.

    \b
    Example:
      communique build
      communique build --copy article.txt -o out --strict
    """
    from communique import building, staging

    staging.refuse_within(project_of(root), out)
    job = building.build(project_of(root), out, copy=copy, strict=strict, progress=progress_lines())
    tell([*job.findings, *job.warnings, *job.outcomes])
    end(bad=job.findings or (strict and job.warnings))
