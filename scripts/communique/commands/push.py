"""Put graphs on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import ROOT, PathType, project_of
from communique.commands.terminal import tell

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@ROOT
@click.option("--endpoint", metavar="URL", required=True, help="The address of a Graph Store.")
@click.option("--user", metavar="NAME", help="Who may write there.")
@click.option(
    "--password-file",
    type=PathType(),
    help="A file with the password. Default: the variable COMMUNIQUE_PASSWORD.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long all of it may take. Default: 300.",
)
def push(
    root: Path | None,
    endpoint: str,
    user: str | None,
    password_file: Path | None,
    timeout: float | None,
) -> None:
    """Put the graphs that questions see on a server, and count what it then holds.

    Each graph replaces the server's one of the same name. The server must answer questions over
    the union of its graphs, as Virtuoso does and Oxigraph with --union-default-graph.

    \b
    Example:
      communique push --endpoint http://localhost:7878/store
      communique push --endpoint http://localhost:8890/sparql-graph-crud-auth --user dba
    """
    from communique import dataset, graphstore

    login = graphstore.login(user, password_file)
    seconds = graphstore.PATIENCE if timeout is None else timeout
    tell(graphstore.push(endpoint, dataset.load(project_of(root)), login, seconds=seconds))
