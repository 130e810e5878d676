"""Which findings are told: of some files, of what a range of revisions brought, of none known."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from communique import inside
from communique.errors import CommuniqueError
from communique.findings import Finding, Report, Scope, fingerprints
from communique.intake import Document, documents
from communique.lines import count
from communique.validation import validate

if TYPE_CHECKING:
    from communique.articles import Outcome
    from communique.baseline import Baseline
    from communique.concluding import Checking, Unit
    from communique.frame import Context


def told(root: Path, scope: Scope) -> Report:
    """Check all of a project, and return what of it is in the scope."""
    known = _baseline(scope.baseline) if scope.baseline else None
    listed = {entry.fingerprint for _, entry in known.entries} if known else set[str]()
    judge = _shapes(root, scope.shapes_from)
    former = judge or _shapes(root, _parting(root, scope.changed))
    report = _checked(root, scope, judge, former, listed)
    if known:
        report = _without(report, known)
    within = report
    if scope.changed is not None:
        within = _since_revision(report, root, scope.changed, scope.engine)
    within = of_paths(within, scope.paths, root)
    if within.unchecked and not within.errors:
        return report  # what kept layers from being checked stands elsewhere, and has to be told
    return within


def update(root: Path, scope: Scope) -> str:
    """Write what is found now as the baseline; return what was written, in words."""
    from communique import baseline

    if scope.baseline is None:
        raise CommuniqueError("--update: nothing to write. Give a file with --baseline")
    if scope.paths or scope.changed is not None:
        raise CommuniqueError("--update: a baseline is of all files. Leave out paths and --changed")
    judge = _shapes(root, scope.shapes_from)
    listed = set[str]()
    while True:  # what is known leaves no layer out, so the next run may find more
        report = _checked(root, scope, judge, judge, listed)
        names = set(fingerprints(report.findings).values())
        if names <= listed:
            break
        listed |= names
    try:
        scope.baseline.write_text(baseline.written(report.findings), encoding="utf-8")
    except OSError as error:
        raise CommuniqueError(f"{scope.baseline}: {error.strerror}. Check the path") from error
    return f"{scope.baseline}: {count(len(report.findings), 'finding')}."


def _checked(
    root: Path,
    scope: Scope,
    judge: list[Document],
    former: list[Document],
    known: set[str],
) -> Report:
    report = validate(
        root,
        engine_name=scope.engine,
        copy=scope.copy,
        judge=judge,
        former=former,
        known=known,
        checking=_checking(scope),
        memory=scope.cache,
        seen=scope.seen,
    )
    if not scope.shapes_from or not report.findings:
        return report
    now = {each.path: each.data for each in documents(root, ("shapes",))[0]}
    other = {each.path for each in judge if now.get(each.path) != each.data}
    told = (_at_revision(each, scope.shapes_from, other) for each in report.findings)
    return _keep(report, told)


def _checking(scope: Scope) -> "Checking":
    """Return what checks articles, on several cores where there are many."""

    def check(context: "Context", units: "Sequence[Unit]") -> "Iterable[Outcome]":
        if len(units) == 1:
            from communique.concluding import one_by_one

            return one_by_one(context, units)
        from communique.workers import Workers

        return Workers(scope.jobs, scope.seconds / 2, inside.advanced)(context, units)

    return check


def _at_revision(finding: Finding, revision: str, files: Collection[str]) -> Finding:
    """Say of which revision the file of a rule is, if it is one of these."""
    rule = finding.rule
    if rule.file not in files:
        return finding
    return replace(finding, rule=rule._replace(revision=revision))


def _shapes(root: Path, revision: str | None) -> list[Document]:
    """Return the shapes at a revision, or none."""
    if not revision:
        return []
    from communique import revisions

    files = revisions.shapes_at(root, revision)
    try:
        return [Document(path, data.decode(), data) for path, data in files]
    except UnicodeDecodeError as error:
        raise CommuniqueError(f"{revision}: its shapes are not UTF-8. Give another one") from error


def _parting(root: Path, revision: str | None) -> str | None:
    if revision is None:
        return None
    from communique import revisions

    return revisions.parting(root, revision)


def _since_revision(report: Report, root: Path, revision: str, engine: str) -> Report:
    """Keep what came since a revision, which is checked as it was, in a folder for the time."""
    from communique import revisions

    with revisions.project_at(root, revisions.parting(root, revision)) as before:
        earlier = validate(before, engine_name=engine)
    return since(report, earlier, revisions.changed(root, revision))


def _baseline(path: Path) -> "Baseline":
    from communique import baseline

    return baseline.read(path)


def _without(report: Report, known: "Baseline") -> Report:
    """Leave out what is known, and tell which of it is not found any more."""
    from communique import baseline

    left, count, stale = baseline.applied(report.findings, known, unchecked=report.unchecked)
    return report._replace(findings=tuple(sorted([*left, *stale])), known=count)


def of_paths(report: Report, paths: Iterable[Path], root: Path) -> Report:
    """Keep what is found in some files or folders of a project."""
    wanted = [_within(path, root) for path in paths]
    if not wanted:
        return report
    return _keep(report, (f for f in report.findings if any(_is_in(f.file, w) for w in wanted)))


def since(report: Report, earlier: Report, touched: Mapping[str, Iterable[int]]) -> Report:
    """Keep what a range brought: findings that were not there before, or on lines it touched.

    What is found in an untouched file because of a change in another one is thus told, too.
    """
    old = set(fingerprints(earlier.findings).values())
    lines = {file: frozenset(numbers) for file, numbers in touched.items()}
    return _keep(
        report,
        (
            finding
            for finding, fingerprint in fingerprints(report.findings).items()
            if fingerprint not in old or _touches(finding, lines)
        ),
    )


def from_here(root: Path, scope: Scope) -> Report:
    """Do the same, and name files from the folder in which the command runs."""
    report = told(root, scope)
    here, project = Path.cwd(), root.resolve()
    if project == here or not project.is_relative_to(here):
        return report
    folder = project.relative_to(here).as_posix()
    return _keep(report, (_below(folder, finding) for finding in report.findings))


def _below(folder: str, finding: Finding) -> Finding:
    from communique import baseline

    if finding.rule == baseline.RULE:
        return finding
    rule = finding.rule
    rule = rule._replace(file=f"{folder}/{rule.file}") if rule.file else rule
    return replace(finding, file=f"{folder}/{finding.file}", rule=rule)


def _touches(finding: Finding, lines: Mapping[str, frozenset[int]]) -> bool:
    region = finding.region
    numbers = range(region.line, max(region.end_line, region.line) + 1)
    return not lines.get(finding.file, frozenset()).isdisjoint(numbers)


def _keep(report: Report, findings: Iterable[Finding]) -> Report:
    return report._replace(findings=tuple(sorted(findings)))


def _within(path: Path, root: Path) -> str:
    if not path.exists():
        raise CommuniqueError(f"{path}: no such file. Check the path")
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise CommuniqueError(f"{path}: not in {root}. Give --root its project's folder") from error


def _is_in(file: str, path: str) -> bool:
    return path in (".", file) or file.startswith(f"{path}/")
