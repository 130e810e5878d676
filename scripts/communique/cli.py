"""The commands. Each parses, calls one function, prints."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from communique.asking import Asking, asked, complete_name, given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from click._termui_impl import ProgressBar

    from communique.spark import Job

_UNSEEN = 2.0
"""Seconds that work may take without showing how much of it is done."""

_INTERRUPTED = 130
"""What shells call a command that SIGINT ended."""


class _Path(click.Path):
    """A path; what handles paths is loaded only where one is given, for help needs none."""

    def coerce_path_result(self, value: str | os.PathLike[str]) -> Path:
        from pathlib import Path

        return Path(value)


_ROOT = click.option(
    "--root",
    type=_Path(file_okay=False),
    default=None,
    help="The project's folder. Default: the current one if it is a project, else the installed.",
)

_OUT = click.option(
    "-o",
    "--out",
    type=_Path(file_okay=False),
    default="dist",
    show_default=True,
    help="The folder to write.",
)
_COPY = click.option(
    "--copy",
    type=_Path(),
    help="Your copy of the article, as plain text.",
)
_FOR_SERVERS = ("github", "junit", "sarif")
"""Formats for build servers, which look for files from where the command runs."""

_STORE = click.option(
    "--store",
    type=_Path(file_okay=False),
    help="Ask a store that communique load has made, not the files.",
)
_AT_HOME = "~"
"""What stands for the user's own folder of caches."""
_SHEET = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "md", "json"]),
    default="table",
    show_default=True,
    help="Tables to read, Markdown, or JSON.",
)


class _Group(click.Group):
    """Turns a CommuniqueError into one line and exit code 2, and a bug into exit code 3."""

    def invoke(self, ctx: click.Context) -> object:
        from communique.errors import CommuniqueError

        try:
            return super().invoke(ctx)
        except CommuniqueError as error:
            click.echo(f"Error: {_in_a_line(str(error))}", err=True)
            ctx.exit(error.code)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(_INTERRUPTED)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001  whatever is left is a bug, and is shown as one
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                click.echo(f"Error: output: {error.strerror}. Make room and run it again", err=True)
                ctx.exit(2)
            sys.excepthook(*sys.exc_info())
            click.echo("This is a bug: please report it with the lines above.", err=True)
            ctx.exit(3)


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


@main.command()
@_ROOT
@_OUT
@_COPY
@click.option("--strict", is_flag=True, help="Let warnings fail, too.")
def build(root: Path | None, out: Path, copy: Path | None, *, strict: bool) -> None:
    """Do the main job: check everything, answer every question, write what is published.

    \b
    Example:
      communique build
      communique build --copy article.txt -o out --strict
    """
    from communique import building, staging

    staging.refuse_within(_project(root), out)
    job = building.build(_project(root), out, copy=copy, strict=strict, progress=_progress())
    _print([*job.findings, *job.warnings, *job.outcomes])
    _exit(bad=job.findings or (strict and job.warnings))


@main.command()
@click.argument("paths", nargs=-1, type=_Path())
@_ROOT
@click.option(
    "--format",
    "form",
    type=click.Choice(["full", "concise", "json", "jsonl", "github", "junit", "sarif"]),
    default="full",
    show_default=True,
    help="With the lines of the files, one line each, or for a machine.",
)
@click.option("-o", "--output", type=_Path(), help="A file, instead of stdout.")
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
    type=_Path(),
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
@_COPY
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
    from communique import child, confined, reporting
    from communique.findings import Scope

    project = _project(root)
    memory = _cache_folder(cache) if cache else None
    scope = Scope(
        paths, changed, shapes_from, baseline, engine, copy, memory, jobs or child.cores(), timeout
    )
    task = "update" if update else "from_here" if form in _FOR_SERVERS else "told"
    with _bar() as progress:
        report = confined.call(
            f"communique.scope:{task}",
            project,
            scope,
            where=str(project),
            seconds=timeout,
            progress=progress,
        )
    if update:
        _print([report])
        return
    colour = output is None and form in ("full", "concise") and _is_coloured()
    _write(reporting.report_as(form, report, colour=colour), output)
    if output:
        _tell(str(report))
    _exit(bad=report.unchecked or report.errors or (fail_on == "warning" and report.warnings))


@main.command(cls=Asking)
@click.argument("name", required=False, shell_complete=complete_name)
@_ROOT
@click.option(
    "--format",
    "form",
    type=click.Choice(
        ["table", "csv", "tsv", "json", "jsonl", "md", "xlsx", "ttl", "nt", "jsonld"]
    ),
    help="Default: what the name of the file asks for, else a table. ttl, nt, jsonld: of triples.",
)
@click.option("-o", "--output", type=_Path(), help="A file, instead of stdout.")
@click.option("--labels/--iris", default=None, help="Default: labels for people, else IRIs.")
@click.option("--raw", is_flag=True, help="CSV, TSV: no apostrophe before = + - @ in a cell.")
@click.option("--endpoint", metavar="URL", help="Ask this SPARQL endpoint, not the files.")
@_STORE
@click.option(
    "--evidence", is_flag=True, help="Tell of each row through whom and where it is told."
)
@click.option(
    "--copy",
    type=_Path(),
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
        _write(questions.listing(questions.questions(_project(root))), output)
        return
    from communique import answers

    question = asked(click.get_current_context()) or name
    if show:
        text: str | bytes = answers.final(_project(root), question, given(params), on_disk=store)
    else:
        text = answers.answered(
            _project(root),
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
            tell=_tell,
        )
        if not (why_empty or endpoint) and output is None and sys.stdout and sys.stdout.isatty():
            _hint(text)
    _write(text, output)


@main.command()
@click.argument("name")
@_ROOT
@_STORE
@_SHEET
def show(name: str, root: Path | None, store: Path | None, form: str) -> None:
    """Tell everything about one thing, by its id or its label: who says so, and where.

    \b
    Example:
      communique show Kremlin
      communique show a1:u009 --format md
    """
    from communique import show as showing

    told = showing.show(_project(root), name, form=form, on_disk=store, tell=_tell)
    _write(told, None)


@main.command()
@click.argument("event", required=False)
@_ROOT
@click.option(
    "--between",
    metavar="VOICE",
    multiple=True,
    help="Take only this voice's account; give it once for each.",
)
@_STORE
@_SHEET
def compare(
    event: str | None,
    root: Path | None,
    between: tuple[str, ...],
    store: Path | None,
    form: str,
) -> None:
    """Put the accounts of an event side by side, issue by issue.

    Without an event it takes the only one that has accounts.

    \b
    Example:
      communique compare
      communique compare a1:v066 --format md
      communique compare --between "White House" --between Kremlin
    """
    from communique import compare as comparing

    project = _project(root)
    told = comparing.compare(project, event, form=form, between=between, on_disk=store, tell=_tell)
    _write(told, None)


@main.command()
@_ROOT
@click.option("--update", is_flag=True, help="Store what is found now.")
@click.option("--junit", type=_Path(), help="Write a JUnit report to a file.")
@_STORE
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

    project = _project(root)
    if mutate and store:
        raise CommuniqueError("--mutate: reads the files only. Leave out --store")
    if mutate:
        _mutate(project, update=update)
        return
    compared = answers.update_all if update else answers.test_all
    comparisons = compared(project, on_disk=store, tell=_tell)
    if junit:
        from communique.junit import as_junit

        _write(as_junit(comparisons), junit, option="--junit")
    _print([*(each for each in comparisons if not each.same), answers.summary(comparisons)])
    _exit(bad=not all(each.same for each in comparisons))


@main.command()
@_ROOT
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Which mutants are drawn. Reasons are listed for 0.",
)
@click.option("--update", is_flag=True, help="List what nothing notices now.")
def mutate(root: Path | None, seed: int, *, update: bool) -> None:
    """Corrupt the data in many ways, one at a time, and tell what no shape notices.

    Survivors are listed in tests/mutants.csv, each class of them with a reason that a person
    wrote; one without a reason is a finding, and so is a score below 95 %, or below 93 % with what
    only the text refutes. It takes a minute or two. `test --mutate` does so with queries.

    \b
    Example:
      communique mutate
      communique mutate --seed 7
      communique mutate --update
    """
    from communique import catching

    project = _project(root)
    score = catching.run(project, seed=seed, progress=_progress())
    if update:
        score = catching.update(project, score)
    wrong = catching.findings(project, score, whole=seed == catching.SEED)
    _print([*wrong, score])
    _exit(bad=wrong)


@main.command()
@_ROOT
@_COPY
@click.option("--list", "tell_all", is_flag=True, help="Say of each one where it is.")
def evidence(root: Path | None, copy: Path | None, *, tell_all: bool) -> None:
    """Verify every passage and span against your own copy of the article.

    \b
    Example:
      communique evidence --copy article.txt
      communique evidence --copy article.txt --list
    """
    from communique import building, dataset

    store = dataset.load(_project(root), infer=False)
    checked = building.check_evidence(store, copy, tell_all=tell_all)
    _print([*checked.warnings, *checked.findings, checked.summary])
    _exit(bad=checked.findings)


@main.command()
@click.argument("paths", nargs=-1, type=_Path())
@_ROOT
@click.option("--check", is_flag=True, help="Change nothing; fail if something would change.")
def fmt(paths: tuple[Path, ...], root: Path | None, *, check: bool) -> None:
    """Write Turtle files and queries in their one canonical form.

    \b
    Example:
      communique fmt
      communique fmt --check data/actors.ttl
    """
    from communique import turtle

    changed = turtle.rewrite(turtle.chosen(_project(root), paths), check=check)
    _print(f"{path}: {'is not' if check else 'now'} in canonical form" for path in changed)
    _exit(bad=check and changed)


@main.command()
@_ROOT
@_OUT
@click.option("--readings", is_flag=True, help="Add the readings in RDF 1.2.")
def publish(root: Path | None, out: Path, *, readings: bool) -> None:
    """Write the files to publish, with their description and checksums.

    It does not judge them: communique build checks everything first.

    \b
    Example:
      communique publish -o dist
    """
    from communique import dataset, publication, staging

    project = _project(root)
    staging.refuse_within(project, out)
    quads = publication.quads_of(project, dataset.load(project))
    _print([publication.publish(quads, out, readings=readings)])


@main.group()
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
        _ROOT,
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

    report = sparkvalidation.validate(_project(root), _job(given))
    _print([report])
    _exit(bad=report.unchecked or report.errors)


@spark.command("query")
@_on_spark
@click.argument("names", nargs=-1)
def query_on_spark(root: Path | None, names: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401  the job's options
    """Ask questions that stay within an article and the registry; write their rows as Parquet.

    ARTICLES is the address of a folder, NAMES are questions or .rq files; without them it asks all
    that stay. One that looks from one article into another is named: a store answers it. Cells are
    written as in N-Triples.

    \b
    Example:
      communique spark query data/articles -o rows
      communique spark query data/articles demands quotations -o rows
    """
    from communique import sparkquery

    answered = sparkquery.query(_project(root), _job(given), names)
    _print(f"{name}: {rows:,} rows" for name, rows in answered.rows.items())
    for name, why in answered.across.items():
        _tell(f"{name}: not asked, not within an article: {why}")
    if answered.across:
        _tell(sparkquery.STORE)
    for path, why in answered.refused:
        _tell(f"{path}: not asked: {why}")
    _exit(bad=answered.refused)


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


@main.command()
@_ROOT
@click.option("--endpoint", metavar="URL", required=True, help="The address of a Graph Store.")
@click.option("--user", metavar="NAME", help="Who may write there.")
@click.option(
    "--password-file",
    type=_Path(),
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
    _print(graphstore.push(endpoint, dataset.load(_project(root)), login, seconds=seconds))


@main.command()
@click.argument("paths", nargs=-1, type=_Path())
@click.option(
    "--store",
    type=_Path(file_okay=False),
    required=True,
    help="The folder of the store: a new one, or one to be brought up to date.",
)
@click.option(
    "--root",
    type=_Path(file_okay=False),
    help="A project. Default: what the store was made of, else the current project.",
)
@click.option("--check", is_flag=True, help="Change nothing; tell whether it matches the files.")
def load(paths: tuple[Path, ...], store: Path, root: Path | None, *, check: bool) -> None:
    """Make a store on disk of files and folders, for sets that memory does not hold.

    It reads Turtle, TriG, N-Triples and N-Quads, also packed (.gz). A run that is killed goes on
    where it was. A file that cannot be read is told in the end, and the others are loaded. Then
    query, show, compare and test take --store, and read no other data.

    \b
    Example:
      communique load --store big
      communique load --store big ontology data more/*.nq.gz
      communique load --store big --check
      communique query demands --store big
    """
    from communique import loading

    places = loading.places(store, root, paths)
    if check:
        wrong = loading.differences(store, places)
        _print([*wrong, f"{store}: matches its files" if not wrong else f"{store}: does not match"])
        _exit(bad=wrong)
        return
    done = loading.load(store, places, progress=_progress(), tell=_tell)
    _print([*done.manifest.refused.values(), done])
    _exit(bad=done.manifest.refused)


def _mutate(project: Path, *, update: bool) -> None:
    from communique import mutation

    score = mutation.measure(project, progress=_progress())
    if update:
        mutation.update(project, score)
    wrong = mutation.findings(project, score)
    _print([*wrong, score])
    _exit(bad=wrong)


def _cache_folder(given: str) -> Path:
    """Return a folder to remember in: not in a project, whose files may be a stranger's."""
    from pathlib import Path

    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(f"{home}/communique" if given == _AT_HOME else given).expanduser()


def _project(root: Path | None) -> Path:
    from communique import resources

    return root or resources.project()


def _print(things: Iterable[object]) -> None:
    for thing in things:
        _echo(f"{thing}\n")


def _write(text: str | bytes, output: Path | None, *, option: str = "-o") -> None:
    from communique.errors import CommuniqueError

    if output is None:
        if isinstance(text, bytes) and sys.stdout and sys.stdout.isatty():
            raise CommuniqueError("xlsx: not for a terminal. Give a file with -o")
        _echo(text)
        return
    try:
        output.write_bytes(text if isinstance(text, bytes) else text.encode())
    except OSError as error:
        raise CommuniqueError(f"{output}: {error.strerror}. Give another {option}") from error


def _echo(text: str | bytes) -> None:
    from communique.errors import CommuniqueError

    if sys.stdout is None:
        raise CommuniqueError("output: standard output is closed. Open it, or give -o FILE")
    click.echo(text, nl=False)


def _form_of(output: Path | None) -> str:
    """Return the format of a file by its name; say so where the name asks for none."""
    from communique import formats

    found = formats.by_suffix(output)
    if output and not found and output.suffix != ".txt":
        _tell(f"{output}: a table is written, for its name asks for no format (--format).")
    return found or "table"


def _hint(text: str | bytes) -> None:
    """Say on a terminal how to find out why there is no row."""
    if isinstance(text, str) and text.endswith("\n\n0 rows\n"):
        _tell("No row: --why-empty tells what leaves the answer without rows.")


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


def _tell_version(ctx: click.Context) -> None:
    from communique import resources

    click.echo(f"communique, version {resources.version()}")
    ctx.exit()


def _in_a_line(text: str) -> str:
    """Show what would end the line: a build server takes the next one for an order."""
    from communique.labels import visible

    return visible(text)


def _is_coloured() -> bool:
    """Tell whether there is a terminal, and nobody who asks for no colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _tell(text: str) -> None:
    click.echo(text, err=True)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how much is done, if it takes longer than two seconds."""
    begun, shown, bars = time.monotonic(), sys.stderr.isatty(), list["ProgressBar[int]"]()

    def progress(done: int, of: int) -> None:
        if shown and time.monotonic() - begun > _UNSEEN:
            if not bars or bars[0].length != of:
                for bar in bars:
                    bar.render_finish()
                bars[:] = [click.progressbar(length=of, label="Checking", file=sys.stderr)]
            bars[0].update(done - bars[0].pos)

    try:
        yield progress
    finally:
        for bar in bars:
            bar.render_finish()


def _progress() -> Callable[[str], None]:
    """Talk on a terminal only."""
    shown = sys.stderr.isatty()
    return lambda text: click.echo(text, err=True) if shown else None


def _exit(*, bad: object) -> None:
    if bad:
        raise click.exceptions.Exit(1)
