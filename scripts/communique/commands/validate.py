"""Check all there is to check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from communique.commands.options import COPY, ROOT, PathType, project_of
from communique.commands.terminal import end, is_coloured, note, progress_bar, tell, write

if TYPE_CHECKING:
    from pathlib import Path

_FOR_SERVERS = ("github", "junit", "sarif")
"""Formats for build servers, which look for files from where the command runs."""
_AT_HOME = "~"
"""What stands for the user's own folder of caches."""


@click.command()
@click.argument("paths", nargs=-1, type=PathType())
@ROOT
@click.option(
    "--format",
    "form",
    type=click.Choice(["full", "concise", "json", "jsonl", "github", "junit", "sarif"]),
    default="full",
    show_default=True,
    help="With the lines of the files, one line each, or for a machine.",
)
@click.option("-o", "--output", type=PathType(), help="A file, instead of stdout.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="What makes it end with 1.",
)
@click.option(
    "--changed",
    is_flag=False,
    flag_value="HEAD",
    metavar="[REV]",
    help="Tell only what came since this revision; without one, since the last commit.",
)
@click.option("--shapes-from", metavar="REV", help="Judge by the shapes of this revision.")
@click.option(
    "--baseline",
    type=PathType(),
    help="A file of findings that are known: they are not told, and do not fail.",
)
@click.option("--update", is_flag=True, help="Write what is found to the --baseline.")
@click.option(
    "--engine",
    type=click.Choice(["fast", "reference", "both"]),
    default="fast",
    show_default=True,
    help="What judges by the shapes; both compares the two.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long it may do nothing that is seen: a query in a shape may never end.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many articles are checked at a time. Default: one on each core.",
)
@click.option(
    "--cache",
    is_flag=False,
    flag_value=_AT_HOME,
    metavar="[DIR]",
    help="Check again only what changed: outcomes are kept here. Default: ~/.cache/communique.",
)
@COPY
def validate(  # noqa: PLR0913  one parameter for each option
    paths: tuple[Path, ...],
    root: Path | None,
    *,
    form: str,
    output: Path | None,
    fail_on: str,
    changed: str | None,
    shapes_from: str | None,
    baseline: Path | None,
    update: bool,
    engine: str,
    timeout: float,
    jobs: int | None,
    cache: str | None,
    copy: Path | None,
) -> None:
    """Check all there is to check; tell what is found, everywhere or in some files and folders.

    The last line says what was checked. It ends with 0 only if every layer was reached.

    \b
    Example:
      communique validate
      communique validate data/articles --format concise
      communique validate --changed main --shapes-from main --format github
      communique validate --baseline known.jsonl --update
      communique validate --format sarif -o communique.sarif
      communique validate --cache
    """
    from communique import child, confined

    project = project_of(root)
    memory = _cache_folder(cache) if cache else None
    with confined.started("communique.scope") as waiting, progress_bar() as progress:
        from communique import reporting
        from communique.findings import Scope
        from communique.stamps import stamps

        jobs = jobs or child.cores()
        seen = stamps(project) if memory else None
        scope = Scope(
            paths, changed, shapes_from, baseline, engine, copy, memory, seen, jobs, timeout
        )
        task = "update" if update else "from_here" if form in _FOR_SERVERS else "told"
        report = waiting.call(
            task,
            project,
            scope,
            where=str(project),
            seconds=timeout,
            progress=progress,
        )
    if update:
        tell([report])
        return
    colour = output is None and form in ("full", "concise") and is_coloured()
    write(reporting.report_as(form, report, colour=colour), output)
    if output:
        note(str(report))
    end(bad=report.unchecked or report.errors or (fail_on == "warning" and report.warnings))


def _cache_folder(given: str) -> Path:
    """Return a folder to remember in: not in a project, whose files may be a stranger's."""
    from pathlib import Path

    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(f"{home}/communique" if given == _AT_HOME else given).expanduser()
