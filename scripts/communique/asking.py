"""The command that asks: its options are also those of the question that is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from communique.parameters import Parameter
    from communique.questions import Question

_ASKED = "communique.question"
_GIVEN = "given_"
_OPEN = "UNDEF"


class Asking(click.Command):
    """Takes an option for each parameter of the question that its arguments name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the question before its options are read."""
        from communique.errors import CommuniqueError

        try:
            ctx.meta[_ASKED] = self._asked(ctx, args)
        except CommuniqueError:
            if not ctx.resilient_parsing:
                raise
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise CommuniqueError(_no_such_option(error, asked(ctx))) from error

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options of the command, and those of the question."""
        found = asked(ctx)
        ours = super().get_params(ctx)
        return [*map(_option, found.parameters), *ours] if found else ours

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Explain the question if there is one, else the command."""
        found = asked(ctx)
        if found is None:
            super().format_help_text(ctx, formatter)
            return
        from communique.questions import columns

        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(found.summary)
            if found.description:
                formatter.write_paragraph()
                formatter.write_text(found.description)
            formatter.write_paragraph()
            formatter.write_text(f"Columns: {', '.join(columns(found))}")

    def _asked(self, ctx: click.Context, args: list[str]) -> Question | None:
        """Find the question in arguments that may hold options which are not known yet."""
        from pathlib import Path

        from communique import questions, resources

        parser = self.make_parser(ctx)
        parser.ignore_unknown_options = True
        try:
            options, rest, _ = parser.parse_args(list(args))
        except click.UsageError:
            return None
        root = Path(options["root"]) if options.get("root") else resources.project()
        names = [text for text in (options.get("name"), *rest) if isinstance(text, str)]
        name = _name(root, names)
        unread = name == "-" and (ctx.resilient_parsing or {"-h", "--help"} & set(args))
        return questions.find(root, name) if name and not unread else None


def given(params: dict[str, Any]) -> dict[str, tuple[str, ...] | None]:
    """Return what is given to the question, by parameter; None leaves it open."""
    texts = {key.removeprefix(_GIVEN): found for key, found in params.items() if found}
    return {key: None if found == (_OPEN,) else found for key, found in texts.items()}


def complete_name(ctx: click.Context, _param: object, incomplete: str) -> list[CompletionItem]:
    """Offer the names of questions, each with what it asks."""
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(path.stem, help=_summary(path))
        for path in sorted((_root(ctx) / "queries").glob("*.rq"))
        if path.stem.startswith(incomplete)
    ]


class _Value(click.ParamType[str]):
    """A text for a parameter; offers what the graph has."""

    name = "text"

    def __init__(self, parameter: Parameter) -> None:
        self._parameter = parameter

    def shell_complete(
        self, ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer real values from the graph."""
        from click.shell_completion import CompletionItem

        from communique import choices
        from communique.errors import CommuniqueError

        try:
            return [
                CompletionItem(name, help=label)
                for name, label in choices.offered(_root(ctx), self._parameter, incomplete)
            ]
        except CommuniqueError:
            return []


def asked(ctx: click.Context) -> Question | None:
    """Return the question that the arguments name, read once."""
    found: Question | None = ctx.meta.get(_ASKED)
    return found


def _root(ctx: click.Context) -> Path:
    from pathlib import Path

    from communique import resources

    return Path(ctx.params.get("root") or resources.project())


def _name(root: Path, texts: list[str]) -> str | None:
    """Choose what names the question: a question's name, else a file, else the first word."""
    from communique import questions

    stored = questions.names(root)
    plain = [text for text in texts if not text.startswith("-")]
    named = [text for text in plain if text in stored or text.endswith(".rq")]
    if "-" in texts and (texts[0] == "-" or not named):
        return "-"
    return next(iter([*named, *plain]), None)


def _option(parameter: Parameter) -> click.Option:
    default = parameter.default if parameter.default != _OPEN else "any"
    notes = [f"default: {default}"]
    notes += ["can be repeated"] if parameter.many else []
    notes += [] if parameter.required or default == "any" else [f"{_OPEN} for any"]
    return click.Option(
        [f"{_GIVEN}{parameter.name}", f"--{parameter.name.replace('_', '-')}"],
        type=_Value(parameter),
        multiple=True,
        metavar=parameter.metavar,
        help=f"{parameter.help[:1].upper()}{parameter.help[1:]}  [{'; '.join(notes)}]",
    )


def _no_such_option(error: click.NoSuchOption, question: Question | None) -> str:
    from communique.parameters import suggestion

    name = error.option_name
    takes = [f"--{parameter.name}" for parameter in question.parameters] if question else []
    near = suggestion(name, sorted({*takes, *(error.possibilities or ())}))
    of = f" of {question.name}" if question else ""
    return f"{name}: no such option{of}. {near or 'See --help'}"


def _summary(path: Path) -> str:
    head = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    return head.removeprefix("#+ summary:").strip() if head.startswith("#+") else ""
