"""Answer a question."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from communique.asking import Asking, asked, complete_name, given
from communique.commands.options import ROOT, STORE, PathType, project_of
from communique.commands.terminal import note, write

if TYPE_CHECKING:
    from pathlib import Path


@click.command(cls=Asking)
@click.argument("name", required=False, shell_complete=complete_name)
@ROOT
@click.option(
    "--format",
    "form",
    type=click.Choice(
        ["table", "csv", "tsv", "json", "jsonl", "md", "xlsx", "ttl", "nt", "jsonld"]
    ),
    help="Default: what the name of the file asks for, else a table. ttl, nt, jsonld: of triples.",
)
@click.option("-o", "--output", type=PathType(), help="A file, instead of stdout.")
@click.option("--labels/--iris", default=None, help="Default: labels for people, else IRIs.")
@click.option("--raw", is_flag=True, help="CSV, TSV: no apostrophe before = + - @ in a cell.")
@click.option("--endpoint", metavar="URL", help="Ask this SPARQL endpoint, not the files.")
@STORE
@click.option(
    "--evidence", is_flag=True, help="Tell of each row through whom and where it is told."
)
@click.option(
    "--copy",
    type=PathType(),
    help="With --evidence: your copy of the article, whose words are then shown.",
)
@click.option("--show", is_flag=True, help="Print the SPARQL that would be asked, and stop.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long it may take. Default: 10 for a query of your own, 60 for an endpoint.",
)
@click.option("--allow-service", is_flag=True, help="Let the query call other servers (SERVICE).")
@click.option("--why-empty", is_flag=True, help="Tell what leaves an answer without rows.")
def query(  # noqa: PLR0913  one parameter for each option
    name: str | None,
    root: Path | None,
    form: str | None,
    output: Path | None,
    endpoint: str | None,
    *,
    store: Path | None,
    copy: Path | None,
    labels: bool | None,
    raw: bool,
    evidence: bool,
    show: bool,
    timeout: float | None,
    allow_service: bool,
    why_empty: bool,
    **params: tuple[str, ...],
) -> None:
    """Answer a question: by name, from a .rq file, or from - (standard input).

    Without a name it lists the questions. NAME --help tells what a question can be asked about.

    \b
    Example:
      communique query
      communique query demands --format csv -o demands.csv
      communique query told-by-one-voice --voice Kremlin
      communique query demands --evidence --copy article.txt
      communique query demands --side Ukraine --why-empty
      echo 'SELECT * { ?s a cmq:Statement } LIMIT 3' | communique query -
    """
    from communique import questions

    output = None if output and str(output) == "-" else output
    if name is None:
        _refuse_alone(click.get_current_context(), besides={"name", "root", "output"})
        write(questions.listing(questions.questions(project_of(root))), output)
        return
    from communique import answering

    question = asked(click.get_current_context()) or name
    if show:
        text: str | bytes = answering.final(
            project_of(root), question, given(params), on_disk=store
        )
    else:
        text = answering.answered(
            project_of(root),
            question,
            form=form or _form_of(output),
            labels=labels,
            raw=raw,
            endpoint=endpoint,
            on_disk=store,
            evidence=evidence,
            copy=copy,
            given=given(params),
            timeout=timeout,
            allow_service=allow_service,
            why_empty=why_empty,
            tell=note,
        )
        if not (why_empty or endpoint) and output is None and sys.stdout and sys.stdout.isatty():
            _hint(text)
    write(text, output)


def _form_of(output: Path | None) -> str:
    """Return the format of a file by its name; say so where the name asks for none."""
    from communique import formats

    found = formats.by_suffix(output)
    if output and not found and output.suffix != ".txt":
        note(f"{output}: a table is written, for its name asks for no format (--format).")
    return found or "table"


def _hint(text: str | bytes) -> None:
    """Say on a terminal how to find out why there is no row."""
    if isinstance(text, str) and text.endswith("\n\n0 rows\n"):
        note("No row: --why-empty tells what leaves the answer without rows.")


def _refuse_alone(ctx: click.Context, *, besides: set[str]) -> None:
    """Refuse options that only a question can have."""
    from communique.errors import CommuniqueError

    for param in ctx.command.params:
        name = param.name or ""
        default = ctx.get_parameter_source(name) is ParameterSource.DEFAULT
        if name not in besides and not default:
            raise CommuniqueError(
                f"{param.opts[0]}: needs a question. Give its name; communique query lists them"
            )
