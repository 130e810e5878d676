"""The command line: which commands there are, and how they end."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTERRUPTED = 130
"""What shells call a command that SIGINT ended."""

_UNHEARD = 141
"""What they call one that wrote to nobody; 1 would say that there are findings."""

COMMANDS = {
    "build": "Check everything, answer every question, write what is published.",
    "compare": "Put the accounts of an event side by side, issue by issue.",
    "evidence": "Verify every passage and span against your copy of the article.",
    "fmt": "Write Turtle files and queries in their one canonical form.",
    "load": "Make a store on disk, for sets that memory does not hold.",
    "mutate": "Corrupt the data in many ways, and tell what no shape notices.",
    "publish": "Write the files to publish, with description and checksums.",
    "push": "Put the graphs that questions see on a server.",
    "query": "Answer a question: by name, from a file or from standard input.",
    "show": "Tell everything about one thing: who says so, and where.",
    "spark": "Check and ask many articles on Apache Spark.",
    "test": "Compare every question's answer with the stored one.",
    "validate": "Check all there is to check, and tell what is found, and where.",
}
"""What each command does, and so what the list of them needs; each is a module of its own."""


class _Group(click.Group):
    """Turns a CommuniqueError into one line and exit code 2, and a bug into exit code 3."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click asks so
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click asks so
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"communique.commands.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            from communique.parameters import suggestion

            near = suggestion(args[0], [*COMMANDS])
            ctx.fail(f"No such command {args[0]!r}. {near or 'communique --help lists them'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click asks so
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with _told(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        with _told(ctx):
            return super().invoke(ctx)


@contextmanager
def _told(ctx: click.Context) -> Iterator[None]:
    """Tell of what goes wrong meanwhile, and end with its code."""
    try:
        yield
    except (click.exceptions.Exit, click.Abort, click.ClickException):
        raise
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        ctx.exit(_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        ctx.exit(_UNHEARD)
    except Exception as error:  # noqa: BLE001  whatever is left is a bug, and is shown as one
        ctx.exit(_code(error))


def _code(error: Exception) -> int:
    """Tell of an error; return the code with which the command ends."""
    from communique.errors import CommuniqueError

    if isinstance(error, CommuniqueError):
        click.echo(f"Error: {_in_a_line(str(error))}", err=True)
        return error.code
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        click.echo(f"Error: output: {error.strerror}. Make room and run it again", err=True)
        return 2
    sys.excepthook(type(error), error, error.__traceback__)
    click.echo("This is a bug: please report it with the lines above.", err=True)
    return 3


def _tell_version(ctx: click.Context) -> None:
    from communique import resources

    click.echo(f"communique, version {resources.version()}")
    ctx.exit()


def _in_a_line(text: str) -> str:
    """Show what would end the line: a build server takes the next one for an order."""
    from communique.labels import visible

    return visible(text)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _param, wanted: _tell_version(ctx) if wanted else None,
    help="Show the version and exit.",
)
def main() -> None:
    """Who said what, who undertook what, according to whom, and which words prove it.

    Exit codes: 0 fine, 1 findings, 2 could not run, 3 a bug in the tool.
    """
