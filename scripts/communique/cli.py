"""The commands. Each parses, calls one function, prints."""

import sys
from pathlib import Path
from typing import Any

import click

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The project's folder. Default: the installed one.",
)


class _Group(click.Group):
    """Turns a CommuniqueError into one line and exit code 2, and a bug into exit code 3."""

    def invoke(self, ctx: click.Context) -> Any:
        from communique.errors import CommuniqueError

        try:
            return super().invoke(ctx)
        except CommuniqueError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except Exception:
            sys.excepthook(*sys.exc_info())
            click.echo("This is a bug: please report it with the lines above.", err=True)
            ctx.exit(3)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="communique")
def main() -> None:
    """Who said what, who undertook what, according to whom, and which words prove it.

    Exit codes: 0 fine, 1 findings, 2 could not run, 3 a bug in the tool.
    """


@main.command()
@_ROOT
@click.option("--format", "form", type=click.Choice(["full", "json"]), default="full")
def validate(root: Path | None, form: str) -> None:
    """Check the data against the shapes.

    \b
    Example:
      communique validate
      communique validate --format json
    """
    from communique import dataset, validation

    project = _project(root)
    report = validation.validate(project, dataset.load(project, infer=False))
    if form == "json":
        click.echo(validation.as_json(report))
    else:
        _lines(report.findings)
        click.echo(str(report), err=False)
    _exit(bad=report.errors)


@main.command()
@click.argument("name", required=False)
@_ROOT
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
@click.option("-o", "--output", type=click.File("w", encoding="utf-8"), default="-")
@click.option("--labels/--iris", default=None, help="Default: labels in tables, else IRIs.")
def query(name: str | None, root: Path | None, form: str, output: Any, *, labels: bool | None) -> None:
    """Answer a question: by name, from a .rq file, or from - (standard input).

    Without a name it lists the questions.

    \b
    Example:
      communique query
      communique query demands
      echo 'SELECT * { ?s a cmq:Statement } LIMIT 3' | communique query -
    """
    from communique import answers, dataset, questions

    project = _project(root)
    if name is None:
        click.echo(questions.listing(questions.questions(project)), file=output)
        return
    question = questions.find(project, name)
    store = dataset.union(dataset.load(project))
    shown = (form == "table") if labels is None else labels
    click.echo(answers.render(store, question, form=form, labels=shown), file=output, nl=False)


def _project(root: Path | None) -> Path:
    from communique import resources

    return root or resources.root()


def _lines(things: Any) -> None:
    for thing in things:
        click.echo(str(thing))


def _exit(*, bad: object) -> None:
    if bad:
        raise click.exceptions.Exit(1)
