"""Options that several commands have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path


class PathType(click.Path):
    """A path; what handles paths is loaded only where one is given, for help needs none."""

    def coerce_path_result(self, value: str | os.PathLike[str]) -> Path:
        """Return it as Python has it."""
        from pathlib import Path

        return Path(value)


ROOT = click.option(
    "--root",
    type=PathType(file_okay=False),
    default=None,
    help="The project's folder. Default: the current one if it is a project, else the installed.",
)

OUT = click.option(
    "-o",
    "--out",
    type=PathType(file_okay=False),
    default="dist",
    show_default=True,
    help="The folder to write.",
)
COPY = click.option(
    "--copy",
    type=PathType(),
    help="Your copy of the article, as plain text.",
)
STORE = click.option(
    "--store",
    type=PathType(file_okay=False),
    help="Ask a store that communique load has made, not the files.",
)
SHEET = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "md", "json"]),
    default="table",
    show_default=True,
    help="Tables to read, Markdown, or JSON.",
)


def project_of(root: Path | None) -> Path:
    """Return the project that is meant: the one that is given, or else the one that is here."""
    from communique import resources

    return root or resources.project()
