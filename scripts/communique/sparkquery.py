"""Questions on Spark: those that stay within an article, asked of groups of articles.

What is true of each article by itself is then true of any number together, so a group is asked at
once. Each group also tells how its things stand (see profile): if that were to make a question one
that crosses articles, nothing is written.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyoxigraph import (
    DefaultGraph,
    NamedNode,
    Quad,
    QuerySolutions,
    RdfFormat,
    Store,
    parse,
    serialize,
)

from communique import dataset, inference, intake, locality, resources
from communique.dataset import FORMATS, graph_iri, graph_name, union
from communique.errors import CommuniqueError
from communique.graphs import suffix
from communique.landing import Landing
from communique.locality import Verdict
from communique.profile import OWN, SHARED, Profile, Registry, Use
from communique.questions import Question, ask, columns, find, questions, rows
from communique.spark import Job, articles_of, check_version, session
from communique.watched import LostError, Watched

if TYPE_CHECKING:
    import pandas as pd
    from pyspark import Broadcast
    from pyspark.sql import DataFrame, SparkSession

_SAMPLE = 8
"""Articles by which questions are judged before all are asked."""
BATCH = 4
"""Articles that are asked together: more share the cost of the registry, and join more."""
_FOLDER = "articles"
_ANSWER = "kind string, name string, cells array<string>"
_ROW, _USE, _REFUSED = "row", "use", "refused"
STORE = "Ask a store: communique load --store DIR, then communique query --store DIR"


@dataclass(frozen=True)
class Shared:
    """What goes to each worker: the files that all articles share, what is asked, what is known."""

    version: str
    ontology: bytes
    stated: bytes
    asked: tuple[tuple[str, str], ...]
    profile: Profile


@dataclass(frozen=True)
class Answered:
    """What a job found, and what it left out."""

    rows: Mapping[str, int]
    """How many, by question."""
    across: Mapping[str, str]
    """Questions that do not stay within an article, each with the reason."""
    refused: tuple[tuple[str, str], ...]
    """Articles that could not be read, each with the reason."""


def query(root: Path, job: Job, names: Sequence[str]) -> Answered:
    """Ask questions of all articles, and write the rows of each as Parquet.

    Without names it asks all that the project has and that stay within an article.
    """
    asked = [find(root, name) for name in names] or questions(root)
    with session(job) as spark:
        landing = Landing(spark, job.out)
        try:
            return _asked(spark, Asked(root, asked, strict=bool(names)), job, landing)
        except BaseException:
            landing.remove()
            raise


class Asked:
    """Questions, and what of them stays within an article, as far as that is known."""

    def __init__(self, root: Path, asked: Sequence[Question], *, strict: bool) -> None:
        """Take questions; with `strict`, one that does not stay within an article is an error."""
        self.shared = _shared(root)
        self.within = {question: Verdict() for question in asked}
        self.across = dict[str, str]()
        self._strict = strict

    @property
    def sent(self) -> Shared:
        """What goes to the workers."""
        return replace(self.shared, asked=tuple((each.name, each.sparql) for each in self.within))

    def judge(self, profile: Profile) -> None:
        """Judge the questions by a profile, and leave out those that look into other articles."""
        self.shared = replace(self.shared, profile=self.shared.profile | profile)
        ontology, stated = _parsed(self.shared.ontology), _parsed(self.shared.stated)
        registry, store = Registry(ontology, stated), Store()
        store.extend(stated)
        crossing = locality.crossing(inference.compositions(union(store)), self.shared.profile)
        for question in list(self.within):
            verdict = locality.verdict(question.sparql, self.shared.profile, registry)
            self.within[question] = verdict
            if crossing or verdict.why_not:
                self.across[question.name] = crossing or verdict.why_not
                del self.within[question]
        if self._strict and self.across:
            told = "; ".join(f"{name} ({why})" for name, why in self.across.items())
            raise CommuniqueError(f"not within an article: {told}. {STORE}")


def _asked(spark: "SparkSession", asking: Asked, job: Job, landing: Landing) -> Answered:
    asking.judge(_sampled(spark, job, asking.shared))
    sent = spark.sparkContext.broadcast(asking.sent)
    answer = partial(_answered, shared=sent, seconds=job.seconds)
    frame = articles_of(spark, job).mapInPandas(answer, _ANSWER)
    frame.write.parquet(landing.path(_FOLDER))
    landing.check(_FOLDER)
    found = spark.read.parquet(landing.path(_FOLDER))
    told = found.where(found.kind == _USE).select("cells").distinct().collect()
    asking.judge(frozenset(_use(row.cells) for row in told))
    counts = {}
    for question, verdict in asking.within.items():
        written = _written(found, question, verdict, landing)
        counts[question.name] = spark.read.parquet(written).count()
    refused = found.where(found.kind == _REFUSED).orderBy("name").collect()
    landing.remove(_FOLDER)
    landing.commit({"rows": counts, "refused": len(refused), "version": resources.version()})
    return Answered(counts, asking.across, tuple((row.name, row.cells[0]) for row in refused))


def _written(found: "DataFrame", question: Question, verdict: Verdict, landing: Landing) -> str:
    """Write the rows of one question, in the order of their cells; return where."""
    names = columns(question)
    own = found.where((found.kind == _ROW) & (found.name == question.name))
    frame = own.select(*(own.cells[at].alias(name) for at, name in enumerate(names)))
    frame = frame.distinct() if verdict.is_set else frame
    path = landing.path(question.name)
    frame.orderBy(*names).write.parquet(path)
    landing.check(question.name)
    return path


def _shared(root: Path) -> Shared:
    """Read what all articles share, and how its things stand."""
    stated, ontology = list[Quad](), list[Quad]()
    for source in dataset.sources(root):
        path = source.path.relative_to(root)
        if path.parts[:2] != ("data", "articles"):
            quads = dataset.read(source.path, root=root, graph=source.iri)
            stated += quads
            ontology += quads if path.parts[0] == "ontology" else []
    registry = Registry(ontology, stated)
    return Shared(
        resources.version(),
        _dumped(ontology),
        _dumped(stated),
        (),
        registry.profile(_closed(stated)),
    )


def _sampled(spark: "SparkSession", job: Job, shared: Shared) -> Profile:
    """Return how things stand in a few articles, as far as the shared files do not tell."""
    few = articles_of(spark, job).limit(_SAMPLE).collect()
    with Watched("communique.sparkquery:answering", shared, seconds=job.seconds) as watched:
        told = _told(watched, [(row.path, row.content) for row in few])
    return used(told)


def used(told: Iterable[tuple[str, str, Sequence[Any]]]) -> Profile:
    """Return how things stand by what a batch of articles tells."""
    return frozenset(_use(cells) for kind, _, cells in told if kind == _USE)


def _use(cells: Sequence[Any]) -> tuple[str, str, Use]:
    predicate, constant, article, subject, thing, bridge = cells
    return predicate, constant, Use(article == "True", subject, thing, bridge == "True")


def _answered(
    batches: "Iterable[pd.DataFrame]", shared: "Broadcast[Shared]", seconds: float
) -> "Iterator[pd.DataFrame]":
    """Ask the articles of a partition, a batch at a time."""
    import pandas as pd

    check_version(shared.value.version)
    with Watched("communique.sparkquery:answering", shared.value, seconds=seconds) as watched:
        for batch in batches:
            pairs = list(zip(batch["path"], batch["content"], strict=True))
            for at in range(0, len(pairs), BATCH):
                told = _told(watched, pairs[at : at + BATCH])
                yield pd.DataFrame(told, columns=["kind", "name", "cells"])


def _told(
    watched: Watched, pairs: Sequence[tuple[str, bytes | None]]
) -> list[tuple[str, str, list[str | None]]]:
    """Return what a batch answers; if it is lost, ask its articles one by one."""
    try:
        answer = json.loads(watched.ask(pairs))
    except LostError as error:
        if len(pairs) == 1:
            return [(_REFUSED, pairs[0][0], [str(error)])]
        return [told for pair in pairs for told in _told(watched, [pair])]
    return [(kind, name, cells) for kind, name, cells in answer]


def answering(shared: Shared) -> "Callable[[Sequence[tuple[str, bytes | None]]], bytes]":
    """Return what asks a batch of articles in a process of its own."""
    stated = _parsed(shared.stated)
    registry = Registry(_parsed(shared.ontology), stated)
    known = {_triple(quad) for quad in _closed(stated)}
    links = [
        Quad(*triple)
        for triple in known
        if registry.kind(triple[0]) == registry.kind(triple[2]) == OWN
    ]

    def answer(pairs: Sequence[tuple[str, bytes | None]]) -> bytes:
        store, owner, told = Store(), dict[object, str](), list[object]()
        store.extend(stated)
        for path, content in pairs:
            quads, why = _read(path, content)
            store.extend(quads)
            for quad in quads:
                if registry.kind(quad.subject) != SHARED:
                    owner.setdefault(quad.subject, path)
            told += [(_REFUSED, path, [why])] if why else []
        inference.add_inferred(store)
        seen = union(store)
        fresh = (quad for quad in _triples(seen) if _triple(quad) not in known)
        news = registry.of_articles(fresh, owner, links) - shared.profile
        told += [(_USE, "", [p, c, *map(str, astuple(use))]) for p, c, use in news]
        for name, sparql in shared.asked:
            found = ask(seen, sparql, where=name)
            if isinstance(found, QuerySolutions):
                told += [(_ROW, name, [_cell(term) for term in row]) for row in rows(found)]
        return json.dumps(told).encode()

    return answer


def _cell(term: object) -> str | None:
    return None if term is None else str(term)


def _read(path: str, content: bytes | None) -> tuple[list[Quad], str]:
    """Return the quads of an article, or none and why it cannot be read."""
    if content is None:
        return [], "This file has more than 20 MB."
    document, found = intake.admitted(path, content)
    if document is None:
        return [], next(str(each) for each in found if each.severity == "error")
    try:
        graph = graph_iri(graph_name(Path(path)))
        quads = list(parse(document.data, format=FORMATS[suffix(path)]))
    except SyntaxError as error:
        return [], f"{path}:{error.lineno}:{error.offset}: {error.msg}"
    except ValueError as error:
        return [], f"{path}: {error}"
    return [Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads], ""


def _closed(stated: Iterable[Quad]) -> list[Quad]:
    """Return what questions see of some files, and what follows from it."""
    store = Store()
    store.extend(stated)
    inference.add_inferred(store)
    return list(_triples(union(store)))


def _triples(store: Store) -> Iterator[Quad]:
    return store.quads_for_pattern(None, None, None, DefaultGraph())


def _triple(quad: Quad) -> tuple[Any, NamedNode, Any]:
    return quad.subject, quad.predicate, quad.object


def _dumped(quads: Iterable[Quad]) -> bytes:
    return serialize(quads, format=RdfFormat.N_QUADS) or b""


def _parsed(quads: bytes) -> list[Quad]:
    return list(parse(quads, format=RdfFormat.N_QUADS))
