"""Compare answers with the stored ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import ROOT, STORE, PathType, project_of
from communique.commands.terminal import end, note, progress_lines, tell, write

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@ROOT
@click.option("--update", is_flag=True, help="Store what is found now.")
@click.option("--junit", type=PathType(), help="Write a JUnit report to a file.")
@STORE
@click.option("--mutate", is_flag=True, help="Test the answers: do they notice a changed query?")
def test(
    root: Path | None,
    junit: Path | None,
    store: Path | None,
    *,
    update: bool,
    mutate: bool,
) -> None:
    """Compare every question's answer with the stored one.

    With --mutate it changes one pattern, filter, path or concept of each query at a time, and
    tells which changes no stored answer would notice.

    \b
    Example:
      communique test
      communique test --update
      communique test --junit report.xml
      communique test --mutate
    """
    from communique import answers
    from communique.errors import CommuniqueError

    project = project_of(root)
    if mutate and store:
        raise CommuniqueError("--mutate: reads the files only. Leave out --store")
    if mutate:
        _mutate(project, update=update)
        return
    compared = answers.update_all if update else answers.test_all
    comparisons = compared(project, on_disk=store, tell=note)
    if junit:
        from communique.junit import as_junit

        write(as_junit(comparisons), junit, option="--junit")
    tell([*(each for each in comparisons if not each.same), answers.summary(comparisons)])
    end(bad=not all(each.same for each in comparisons))


def _mutate(project: Path, *, update: bool) -> None:
    from communique import mutation

    score = mutation.measure(project, progress=progress_lines())
    if update:
        mutation.update(project, score)
    wrong = mutation.findings(project, score)
    tell([*wrong, score])
    end(bad=wrong)
