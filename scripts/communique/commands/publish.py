"""Write the files to publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import OUT, ROOT, project_of
from communique.commands.terminal import tell

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@ROOT
@OUT
@click.option("--readings", is_flag=True, help="Add the readings in RDF 1.2.")
def publish(root: Path | None, out: Path, *, readings: bool) -> None:
    """Write the files to publish, with their description and checksums.

    It does not judge them: communique build checks everything first.

    \b
    Example:
      communique publish -o dist
    """
    from communique import dataset, publication, staging

    project = project_of(root)
    staging.refuse_within(project, out)
    quads = publication.quads_of(project, dataset.load(project))
    tell([publication.publish(quads, out, readings=readings)])
