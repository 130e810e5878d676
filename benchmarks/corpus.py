"""Write a project of any number of invented articles that have the shape of the real one.

Run it: python benchmarks/corpus.py 100 FOLDER [--seed S] [--faults 0.01] [--format ttl|nq|nq.gz]

Nothing about the shape is written down here. Each article is the graph of the real article with
other names, actors, numbers, days, places in the text and digests, and with words from a list of
its own; so classes, nesting, forces, attributions, evidence, accounts and findings are those of the
real one, also when that one changes. An article depends on its number, the seed and the share of
faults, and on nothing else; it is written before the next one is made.
"""

import argparse
import csv
import gzip
import hashlib
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import TextIO

import invented
from pyoxigraph import Quad, RdfFormat, parse, serialize
from templates import Graph, Template, groups, template

from communique.canonical import plain
from communique.dataset import graph_iri
from communique.namespaces import BASE
from communique.passages import SHORTEST_DIGESTED, digest, record
from communique.policy import LONGEST_LABEL
from communique.resources import root
from planted import FAULTS, Fault

FORMATS = ("ttl", "nq", "nq.gz")
_BLOCKS = 220
"""At most so many times the cast of the real article: there are no more codes for states."""
_BLOCKS_A_FILE = 20
_ARTICLES_A_FILE = 100
_CURATED_ARTICLES, _CURATED_FINDINGS = 10_000, 999
"""How far the curators have got; their one file has names for no more findings."""
_UNREPORTED = ", not reported"
_LONGEST_SENTENCE, _LONGEST_QUOTE = 400, 100
_LABELLED = 5
"""The parts of a key for a label, the last of them the thing that has it."""
_ARTICLE = re.compile(r"(?<![\w:/-])a1:([\w-]+)")
_OPAQUE = re.compile(r"[a-z][0-9]+[a-z]?|copy|source")
_DAY = re.compile(r'"([0-9-]+)"(\S+)')


@dataclass(frozen=True)
class Role:
    """Something of the registry: its name, its label, and other labels."""

    name: str
    label: str
    others: tuple[str, ...]

    @property
    def short(self) -> str:
        """The shortest label."""
        return min((self.label, *self.others), key=len)


@dataclass(frozen=True)
class Article:
    """One invented article."""

    name: str
    """Of its file and its graph."""
    turtle: str
    text: str
    """The words that the evidence points at; the project does not hold them."""
    curated: tuple[str, ...]
    """What the curators say of it."""
    fault: Fault | None
    thing: str
    """The prefixed name of the thing with the fault."""


class Model:
    """The real project as a model: what its files become, and who belongs to whom."""

    def __init__(self) -> None:
        """Read the registry, the first article, and what is curated of it."""
        (path,) = sorted((root() / "data" / "articles").glob("*.ttl"))[:1]
        self.turtle = path.read_text(encoding="utf-8")
        self.graph = Graph(self.turtle)
        self.passages = self.graph.passages()
        (self.length,) = self.graph.numbers("a1:copy", "cmq:codePoints")
        self._read_registry((root() / "data" / "actors.ttl").read_text(encoding="utf-8"))
        self._read_curated((root() / "data" / "curated.ttl").read_text(encoding="utf-8"))
        names = sorted({*_ARTICLE.findall(self.turtle)})
        worded = [name for name in names if not _OPAQUE.fullmatch(name)]
        self.aliases = {name: _alias(name, at) for at, name in enumerate(worded)}

    def _read_registry(self, turtle: str) -> None:
        graph = Graph(turtle)
        self.head, *things = turtle.rstrip("\n").split("\n\n")
        self.curators = [each for each in things if each.startswith("curator:")]
        cast = "\n\n".join(each for each in things if each not in self.curators)
        self.cast = template(f"{cast}\n", graph)
        self.kinds = {
            name: graph.kind(name) for name in graph.subjects if not name.startswith("curator:")
        }
        self.owners = {
            post: (graph.names(post, "org:postIn") or graph.names(post, "org:reportsTo"))[0]
            for post in graph.subjects
            if self.kinds.get(post) == "Post"
        }
        self.others = {key.split(" ")[1] for key in self.cast.keys if key.startswith("other ")}
        posts = (
            (post, member)
            for each in self.graph.subjects
            for post in self.graph.names(each, "cmq:post")
            for member in self.graph.names(each, "org:member")
        )
        self.groups = groups(self.kinds, [*graph.links(), *posts])

    def _read_curated(self, turtle: str) -> None:
        head, *things = turtle.rstrip("\n").split("\n\n")
        self.curated_head = re.sub(r"PREFIX a1: .*\n", "", head)
        graph = Graph(turtle)
        made = [template(each, graph, mark=f"{at}.") for at, each in enumerate(things)]
        told = list(zip(things, made, strict=True))
        self.links = [each for text, each in told if text.startswith("a1:")]
        self.findings = [each for text, each in told if text.startswith("curated:")]

    @cache  # noqa: B019  there is one model
    def spoilt(self, fault: Fault | None) -> tuple[Template, str]:
        """Return the article with a fault, and the local name of the thing that has it."""
        turtle, thing = fault.planted(self.turtle) if fault else (self.turtle, "")
        return template(turtle, self.graph), thing


def _alias(name: str, at: int) -> str:
    """Return another name that is made of words."""
    word = invented.WORDS[at]
    return f"account-{word}" if name.startswith("account-") else word


class _Filling(dict[str, str]):
    """Makes what is filled in for a key when it is first asked for, and keeps it."""

    def __init__(self, random: Random, cast: dict[str, Role]) -> None:
        super().__init__()
        self.random = random
        self.cast = cast

    def __missing__(self, key: str) -> str:
        kind, _, what = key.partition(" ")
        made: str = getattr(self, f"_{kind}")(what)
        self[key] = made
        return made

    def _role(self, what: str) -> str:
        return self.cast[what].name

    def _phrase(self, what: str) -> str:
        _, language, words = what.split(" ")[:3]
        return f'"{invented.phrase(self.random, min(int(words), 8), LONGEST_LABEL)}"{language}'

    def _unreported(self, what: str) -> str:
        _, language, words = what.split(" ")
        left = LONGEST_LABEL - len(_UNREPORTED)
        said = invented.phrase(self.random, min(int(words), 8), left)
        return f'"{said}{_UNREPORTED}"{language}'

    def _sentence(self, what: str) -> str:
        _, language, words = what.split(" ")
        said = invented.phrase(self.random, int(words), _LONGEST_SENTENCE)
        return f'"{said.capitalize()}."{language}'


class _OfCast(_Filling):
    """What is filled in for a block of the registry."""

    def __init__(
        self, block: int, cast: dict[str, Role], template: Template, random: Random
    ) -> None:
        super().__init__(random, cast)
        self._number = block
        self._codes = [key.split(" ")[1] for key in template.keys if key.startswith("code ")]

    def _label(self, what: str) -> str:
        return f'"{self.cast[what].label}"@en'

    def _other(self, what: str) -> str:
        role, at = what.split(" ")
        return f'"{self.cast[role].others[int(at) - 1]}"@en'

    def _same(self, what: str) -> str:
        made = hashlib.sha256(f"{self._number} {what}".encode()).digest()
        return f"<http://www.wikidata.org/entity/Q9{int.from_bytes(made[:6], 'big'):015}>"

    def _code(self, what: str) -> str:
        datatype, at = what.split(" ")
        number = self._number * self._codes.count(datatype) + int(at)
        return f'"{invented.code(datatype, number)}"^^{datatype}'


class _OfArticle(_Filling):
    """What is filled in for an article."""

    def __init__(
        self, model: Model, number: int, template: Template, cast: dict[str, Role], random: Random
    ) -> None:
        super().__init__(random, cast)
        self._model = model
        self._number = number
        self._edges = invented.stretched(model.passages, model.length, random)
        places = [(self._edges[each[0]], self._edges[each[-1]]) for each in model.passages]
        self.text = invented.text(places, self._edges[model.length], number, random)
        self._digest = digest(self.text)
        self._years, self._days = random.randrange(-20, 21, 4), random.randrange(-12, 13)
        days = [_DAY.fullmatch(key[4:]) for key in template.keys if key.startswith("day ")]
        phrases = [key.split(" ") for key in template.keys if key.startswith("phrase ")]
        self._labels = {parts[-1]: " ".join(parts) for parts in phrases if len(parts) == _LABELLED}
        self._broad = {day[1] for day in days if day and len(day[1]) < len("2025-03-18")}

    def _base(self, _: str) -> str:
        return f"<{BASE}id/a{self._number}/>"

    def _own(self, what: str) -> str:
        return f"a{self._number}:{self.local(what)}"

    def local(self, what: str) -> str:
        """Return the local name that a thing has in every invented article."""
        return self._model.aliases.get(what, what)

    def _place(self, what: str) -> str:
        prefix, _, tail = what.partition(":")
        start, end = self._ends(tail)
        return f"{prefix}:{self._digest[:8]}-{start}-{end}"

    def _ends(self, tail: str) -> tuple[int, int]:
        start, end = map(int, tail.split("-"))
        return self._edges[start], self._edges[end]

    def _words(self, tail: str) -> str:
        start, end = self._ends(tail)
        return self.text[start:end]

    def _offset(self, what: str) -> str:
        return str(self._edges[int(what)])

    def _canonicalLength(self, what: str) -> str:  # noqa: N802  named as the property
        return str(len(plain(self._words(what))))

    def _canonicalSha256(self, what: str) -> str:  # noqa: N802  as above
        return f'"{digest(plain(self._words(what)))}"^^xsd:hexBinary'

    def _sha256(self, what: str) -> str:
        return f'"{digest(self._words(what)) if what else self._digest}"^^xsd:hexBinary'

    def _recordSha256(self, what: str) -> str:  # noqa: N802  as above
        place, graph = what.partition("-")[2], self._model.graph
        told: tuple[object, ...] = (len(self.text), self._digest)
        if place:
            words = self._words(place)
            digests = [digest(words), digest(plain(words))]
            told = (
                graph.text(what, "dcterms:identifier"),
                graph.text(what, "dcterms:type"),
                len(plain(words)),
                *(digests if len(words) >= SHORTEST_DIGESTED else ["", ""]),
            )
        return f'"{record(*told)}"^^xsd:hexBinary'

    def _quote(self, what: str) -> str:
        words = self._words(what)[:_LONGEST_QUOTE].split()
        cut = " ".join(words[1:-1]) or max(words, key=len)
        return f'"{cut}{" …" * (len(words) > 1)}"@en'

    def _day(self, what: str) -> str:
        day, datatype = _DAY.fullmatch(what).groups()  # type: ignore[union-attr]
        year = f"{int(day[:4]) + self._years}"
        if len(day) < len("2025-03-18") or day[:4] in self._broad or day[:7] in self._broad:
            return f'"{year}{day[4:]}"{datatype}'
        moved = date.fromisoformat(f"{year}{day[4:]}") + timedelta(days=self._days)
        return f'"{moved}"{datatype}'

    def _duration(self, _: str) -> str:
        return f'"P{self.random.randrange(7, 91)}D"^^xsd:dayTimeDuration'

    def _figure(self, _: str) -> str:
        return str(self.random.randrange(2, 1000))

    def _sign(self, what: str) -> str:
        return f'"{self._code_of(what)}"'

    def _code_of(self, thing: str) -> str:
        return f"N{self._number}.{thing.partition(':')[2]}"

    def _signed(self, what: str) -> str:
        _, language, words, thing = what.split(" ")
        code = self._code_of(thing)
        phrase = invented.phrase(self.random, min(int(words), 8), LONGEST_LABEL - len(code) - 1)
        return f'"{phrase} {code}"{language}'

    def _account(self, what: str) -> str:
        language, subject = what.split(" ")
        (voice,) = self._model.graph.names(subject, "cmq:accountVoice")
        (occasion,) = self._model.graph.names(subject, "cmq:ofOccasion")
        begun = self[self._labels[occasion]].split('"')[1].split()[0]
        return f'"{self.cast[voice].short}\'s account of the {begun}"{language}'

    def _said(self, what: str) -> str:
        _, language, words, subject = what.split(" ")
        voices = self._model.graph.names(subject, "cmq:voice")
        names = [self.cast[each].short for each in voices] or ["Unnamed"]
        head = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        left = LONGEST_LABEL - len(head) - 2
        return f'"{head}: {invented.phrase(self.random, min(int(words), 8), left)}"{language}'


class Corpus:
    """Any number of articles, and the registry from which their actors are drawn."""

    def __init__(self, seed: int = 0, faults: float = 0.0) -> None:
        """Take a seed, and the share of articles that have a fault, rounded to one in so many."""
        self._seed = seed
        self._faults = faults
        self.model = Model()

    def article(self, number: int) -> Article:
        """Make the article with a number, from 1."""
        random = self._random("article", number)
        fault = self._fault(number)
        made, thing = self.model.spoilt(fault)
        filling = _OfArticle(self.model, number, made, self._cast_of(number, random), random)
        turtle = made.filled(filling)
        curated = tuple(self._curated(number, filling))
        words = [random.choice(invented.WORDS) for _ in range(2)]
        name = "-".join([f"{number:06}", *words])
        thing = f"a{number}:{filling.local(thing)}" if thing else ""
        return Article(name, turtle, filling.text, curated, fault, thing)

    def registry(self, articles: int) -> Iterator[str]:
        """Yield the files of the registry that so many articles draw from."""
        model = self.model
        short = re.sub(r"PREFIX (?:curator|prov): .*\n", "", model.head)
        for start in range(0, _blocks(articles), _BLOCKS_A_FILE):
            head = [short] if start else [model.head, *model.curators]
            end = min(start + _BLOCKS_A_FILE, _blocks(articles))
            yield "\n\n".join([*head, *(self._block(each) for each in range(start, end))]) + "\n"

    def query(self, sparql: str) -> str:
        """Return a question that is asked about actors of this corpus."""
        names = {role: named.name for role, named in self.cast(0).items()}
        return re.sub(
            r"(?<![\w:/-])(?:actor|channel|place|post):[\w-]+",
            lambda found: names.get(found[0], found[0]),
            sparql,
        )

    def cast(self, block: int) -> dict[str, Role]:
        """Name those who play the roles of the real registry in a block of it."""
        return _cast(self.model, self._seed, block)

    def _fault(self, number: int) -> Fault | None:
        """Choose one article of each so many, and for each the next kind of fault."""
        if not self._faults:
            return None
        several = round(1 / self._faults)
        turn, place = divmod(number - 1, several)
        if place != self._random("fault", turn).randrange(several):
            return None
        return FAULTS[(turn + self._seed) % len(FAULTS)]

    def _block(self, block: int) -> str:
        made, random = self.model.cast, self._random("block", block)
        return made.filled(_OfCast(block, self.cast(block), made, random)).rstrip("\n")

    def _cast_of(self, number: int, random: Random) -> dict[str, Role]:
        """Choose who plays each role: those of early blocks often, of late ones seldom."""
        groups, blocks = self.model.groups, _blocks(number)
        chosen = [int(blocks * random.random() ** 2) for _ in set(groups.values())]
        return {role: self.cast(chosen[group])[role] for role, group in groups.items()}

    def _curated(self, number: int, filling: _Filling) -> Iterator[str]:
        if number > _CURATED_ARTICLES:
            return
        for each in self.model.links:
            yield _whole(each.filled(filling))
        first = 1 + (number - 1) * len(self.model.findings)
        for serial, each in enumerate(self.model.findings, start=first):
            if serial <= _CURATED_FINDINGS:
                said = _whole(each.filled(filling))
                yield re.sub(r"^curated:\w+", f"curated:f{serial:02}", said)

    def _random(self, *what: object) -> Random:
        return Random(f"{self._seed} {what}")  # noqa: S311  nothing is secret


def _whole(turtle: str) -> str:
    """Write out the names of an article: a file with a prefix for each article would be slow."""
    return re.sub(r"(?<![\w:/-])(a[0-9]+):([\w-]+)", rf"<{BASE}id/\1/\2>", turtle)


@cache
def _cast(model: Model, seed: int, block: int) -> dict[str, Role]:
    found = {}
    for at, (role, kind) in enumerate(model.kinds.items()):
        number = seed * 1009 + block * len(model.kinds) + at
        label, *others = invented.labels(kind, number)
        name = f"{role.partition(':')[0]}:{label.lower().replace(' ', '-')}"
        if role in model.owners:
            label = f"{label} of {found[model.owners[role]].label}"
        found[role] = Role(name, label, tuple(others) if role in model.others else ())
    return found


def _blocks(articles: int) -> int:
    """Return how many blocks the registry has grown to after so many articles."""
    return min(1 + math.isqrt(articles - 1), _BLOCKS)


def write(corpus: Corpus, articles: int, folder: Path, kind: str = "ttl") -> int:
    """Write a project of so many articles; return how many of them have a fault."""
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"corpus.py: {folder}: not empty. Give a new folder")
    for name in ("ontology", "shapes"):
        shutil.copytree(root() / name, folder / name)
    for path in sorted((root() / "queries").glob("*.rq")):
        sparql = corpus.query(path.read_text(encoding="utf-8"))
        _put(folder / "queries" / path.name, sparql.encode())
    for number, turtle in enumerate(corpus.registry(articles)):
        name = f"actors-{number + 1:02}.ttl" if number else "actors.ttl"
        _put(folder / "data" / name, turtle.encode())
    with (
        _opened(folder / "faults.csv") as listed,
        _opened(folder / "data" / "curated.ttl") as curated,
    ):
        rows = csv.writer(listed, lineterminator="\n")
        rows.writerow(["file", "kind", "thing", "rule"])
        curated.write(f"{corpus.model.curated_head}\n")
        faults = 0
        for numbers in _batches(articles, 1 if kind == "ttl" else _ARTICLES_A_FILE):
            some = [corpus.article(number) for number in numbers]
            file = _write_articles(folder, some, numbers, kind)
            for article in some:
                curated.writelines(f"\n{each}\n" for each in article.curated)
                if article.fault:
                    rows.writerow([file, article.fault.kind, article.thing, article.fault.rule])
                    faults += 1
    return faults


def _batches(articles: int, size: int) -> Iterator[range]:
    for start in range(1, articles + 1, size):
        yield range(start, min(start + size, articles + 1))


def _write_articles(folder: Path, some: list[Article], numbers: range, kind: str) -> str:
    """Write some articles to one file; return its path from the project's folder."""
    if kind == "ttl":
        (article,) = some
        path = f"data/articles/{article.name}.ttl"
        _put(folder / path, article.turtle.encode())
        return path
    path = f"data/articles/{numbers[0]:06}-{numbers[-1]:06}.{kind}"
    quads = b"".join(map(_quads, some))
    _put(folder / path, gzip.compress(quads, 6, mtime=0) if kind == "nq.gz" else quads)
    return path


def _quads(article: Article) -> bytes:
    graph = graph_iri(f"source/{article.name}")
    said = parse(article.turtle.encode(), format=RdfFormat.TURTLE)
    quads = (Quad(each.subject, each.predicate, each.object, graph) for each in said)
    return serialize(quads, format=RdfFormat.N_QUADS) or b""


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w", encoding="utf-8", newline="\n")


def _natural(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give 1 or more")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("give a share from 0 to 1")
    return share


def main() -> None:
    """Write a corpus as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("articles", type=_natural, help="how many")
    parser.add_argument("folder", type=Path, help="a new folder for the project")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another corpus")
    parser.add_argument(
        "--faults",
        type=_share,
        default=0.01,
        help="share of articles with one: 0.01 is one in each 100",
    )
    parser.add_argument("--format", choices=FORMATS, default="ttl", help="of the articles")
    given = parser.parse_args()
    corpus = Corpus(given.seed, given.faults)
    faults = write(corpus, given.articles, given.folder, given.format)
    print(f"{given.folder}: articles {given.articles:,}, with a fault {faults:,}")


if __name__ == "__main__":
    main()
