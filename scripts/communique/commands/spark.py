"""Check and ask on Apache Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from communique.commands.options import ROOT, project_of
from communique.commands.terminal import end, note, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from communique.spark import Job


@click.group()
def spark() -> None:
    """Check and ask many articles on Apache Spark (pip install 'communique[spark]').

    The registry, the ontology, the shapes and the questions are those of --root, and the workers
    have the same version of communique. It writes Parquet, which counts once it holds _COMMITTED.

    \b
    Example:
      communique spark validate data/articles -o findings
      communique spark query data/articles demands -o rows
    """


def _on_spark(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what every job on Spark is told."""
    options = (
        click.argument("articles"),
        ROOT,
        click.option("-o", "--out", required=True, metavar="URL", help="A new folder to write."),
        click.option(
            "--shards", is_flag=True, help="ARTICLES is Parquet with the columns path and content."
        ),
        click.option("--master", metavar="URL", help="Default: local[*], or that of spark-submit."),
        click.option(
            "--conf", multiple=True, metavar="NAME=VALUE", help="A setting of Spark; repeatable."
        ),
        click.option(
            "--group",
            type=click.IntRange(1, 10_000),
            default=200,
            show_default=True,
            help="How many articles are a partition, at most.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True, max=86_400),
            default=60,
            show_default=True,
            metavar="SECONDS",
            help="How long one article may take, or a batch of them that is asked.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@spark.command("validate")
@_on_spark
def validate_on_spark(root: Path | None, **given: Any) -> None:  # noqa: ANN401  the job's options
    """Check articles, each by itself and all together; write the findings as Parquet.

    ARTICLES is the address of a folder, on whatever Spark can reach.

    \b
    Example:
      communique spark validate data/articles -o findings
      communique spark validate hdfs:///articles -o hdfs:///findings --master spark://host:7077
    """
    from communique import sparkvalidation

    report = sparkvalidation.validate(project_of(root), _job(given))
    tell([report])
    end(bad=report.unchecked or report.errors)


@spark.command("query")
@_on_spark
@click.argument("names", nargs=-1)
def query_on_spark(root: Path | None, names: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401  the job's options
    """Ask questions that stay within an article and the registry; write their rows as Parquet.

    ARTICLES is the address of a folder, NAMES are questions or .rq files; without them it asks all
    that stay. One that looks from one article into another is named: a store answers it. Cells are
    written as in N-Triples. For a question with other values than its own, write what is asked to
    a file first.

    \b
    Example:
      communique spark query data/articles -o rows
      communique spark query data/articles demands quotations -o rows
      communique query demands --side Ukraine --show > theirs.rq
      communique spark query data/articles theirs.rq -o theirs
    """
    from communique import sparkquery

    answered = sparkquery.query(project_of(root), _job(given), names)
    tell(f"{name}: {rows:,} rows" for name, rows in answered.rows.items())
    for name, why in answered.across.items():
        note(f"{name}: not asked, not within an article: {why}")
    if answered.across:
        note(sparkquery.STORE)
    for path, why in answered.refused:
        note(f"{path}: not asked: {why}")
    end(bad=answered.refused)


def _job(given: Mapping[str, Any]) -> Job:
    """Return what a job is told, its settings taken apart."""
    from communique.errors import CommuniqueError
    from communique.spark import Job

    told = {name: value for name, value in given.items() if name not in {"conf", "timeout"}}
    pairs = [each.partition("=") for each in given["conf"]]
    for name, sign, _ in pairs:
        if not (name and sign):
            raise CommuniqueError(f"--conf {name}: not a setting. Write NAME=VALUE")
    settings = tuple((name, value) for name, _, value in pairs)
    return Job(**told, settings=settings, seconds=given["timeout"])
