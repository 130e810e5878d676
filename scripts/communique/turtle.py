"""The one way that Turtle is written here, so that a diff shows meaning only."""

import os
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from communique.dataset import FORMATS, Term
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES, namespace, shrink
from communique.resources import TESTED
from communique.vocabularies import Vocabulary

_RDF, _XSD = PREFIXES["rdf"], PREFIXES["xsd"]
_FIRST_CLASSES = (
    "owl:Ontology",
    "owl:Class",
    "owl:ObjectProperty",
    "owl:DatatypeProperty",
    "owl:AnnotationProperty",
    "sh:NodeShape",
)
_FIRST_PREDICATES = (
    "rdf:type",
    "rdfs:label",
    "skos:prefLabel",
    "skos:definition",
    "rdfs:subClassOf",
    "rdfs:subPropertyOf",
    "rdfs:domain",
    "rdfs:range",
)
_BARE = {
    f"{_XSD}integer": re.compile(r"[+-]?[0-9]+"),
    f"{_XSD}decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    f"{_XSD}boolean": re.compile(r"true|false"),
}
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\b": "\\b", "\r": "\\r", "\f": "\\f", '"': '\\"'}
_REMARK = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+"""|\'{3}(?:[^'\\]|\\.|'(?!\'\'))*+\'{3}'''
    r"""|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|<[^<>\s]*+>|\\.|(?P<remark>\#)""",
    re.DOTALL,
)
"""What a # may stand in without beginning a remark, in a text that is known to be Turtle."""

_WIDTH = 100
_INDENT = "    "
_DEEPEST = 64
_DANGERS = frozenset({"merge-marker", "n3", "nesting", "triple-term"})
_MOST_ODDITIES = 50
"""How many other things a file may have that validation refuses: after more, none is looked for."""

_CASES = "tests/hostile"
"""The folder whose files are cases of how Turtle may be written."""

Subject = NamedNode | BlankNode
_NIL = NamedNode(f"{_RDF}nil")


def format_file(path: Path) -> tuple[str, str]:
    """Return the text of a file of Turtle or of a query as it is, and as it should be.

    N-Triples, N-Quads and TriG are refused: as Turtle they would not be what their names promise.
    """
    if path.suffix in FORMATS and FORMATS[path.suffix] != RdfFormat.TURTLE:
        form = FORMATS[path.suffix].name
        raise CommuniqueError(f"{path}: {form} is left as it is. Give .ttl or .rq files")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise CommuniqueError(f"{path}: not UTF-8. Save it as UTF-8") from error
    except OSError as error:
        raise CommuniqueError(f"{path}: {error.strerror}. Check the path") from error
    read = text.removeprefix("\ufeff")
    if path.suffix == ".rq":
        from communique.sparql import tidied

        return text, tidied(re.sub(r"\r\n?", "\n", read), where=str(path))
    _refuse_dangers(path, read)
    fresh = formatted(read, where=str(path), vocabulary=_vocabulary_of(path))
    articles = sorted(set(re.findall(r"^PREFIX (a[0-9]+):", fresh, flags=re.MULTILINE)))
    if path.parent.name == "articles" and len(articles) > 1:
        names = ": and ".join(articles)
        raise CommuniqueError(f"{path}: uses {names}:. Name things of one article only in its file")
    return text, fresh


def _refuse_dangers(path: Path, text: str) -> None:
    """Refuse what no parser should see, such as brackets that nest a thousand deep."""
    from communique.prescan import Scan
    from communique.refusals import Text

    found = Scan(Text(str(path), text), path.suffix).findings()
    grave = [each for each in found if each.rule.id in _DANGERS]
    for each in grave or found[_MOST_ODDITIES:]:
        place = f"{path}:{each.region.line}:{each.region.column}"
        hint = each.hint[:1].upper() + each.hint[1:]
        raise CommuniqueError(f"{place}: {each.message} {hint}")


def project_files(root: Path) -> list[Path]:
    """List the files of Turtle and the queries that are kept in canonical form."""
    found = [path for name in TESTED for path in _files_below(root / name)]
    return [path for path in found if not path.is_relative_to(root / _CASES)]


def chosen(root: Path, paths: Iterable[Path]) -> list[Path]:
    """List the files to format among these paths and below them; without paths, the project's."""
    given = list(paths)
    found = [file for path in given for file in (_files_below(path) if path.is_dir() else [path])]
    found = found if given else project_files(root)
    if not found:
        where = ", ".join(str(path) for path in given) or str(root)
        raise CommuniqueError(f"{where}: no .ttl or .rq file in it. Give a project's folder")
    return found


def _files_below(folder: Path) -> list[Path]:
    found = [*folder.rglob("*.ttl"), *folder.rglob("*.rq")]
    return sorted(path for path in found if not path.is_dir())


def rewrite(paths: Iterable[Path], *, check: bool) -> list[Path]:
    """Format files in place, or with `check` only look; return those that differ.

    Nothing is written unless every file can be formatted.
    """
    texts = {path: format_file(path) for path in paths}
    changed = [path for path, (before, after) in texts.items() if before != after]
    for path in changed if not check else ():
        _replace(path, texts[path][1].encode())
    return changed


def _replace(path: Path, content: bytes) -> None:
    """Put a text in the place of a file in one step, with the file's mode."""
    if path.is_symlink():
        raise CommuniqueError(f"{path}: a link. Give the file itself")
    try:
        mode = path.stat().st_mode
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".fmt-", delete=False) as fresh:
            try:
                fresh.write(content)
                fresh.flush()
                os.fsync(fresh.fileno())
                Path(fresh.name).chmod(mode)
                Path(fresh.name).replace(path)
            except OSError:
                Path(fresh.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise CommuniqueError(
            f"{path}: {error.strerror}. It is as it was; make room or allow writing, and run again"
        ) from error


def _vocabulary_of(path: Path) -> Vocabulary | None:
    """Return the vocabulary of the project that a file is in, or None for the installed one."""
    above = path.absolute().parents
    return next(
        (_vocabulary(p) for p in above if (p / "ontology").is_dir() and (p / "data").is_dir()), None
    )


@cache
def _vocabulary(root: Path) -> Vocabulary | None:
    from communique import resources, vocabularies

    if root == resources.root():
        return None
    return vocabularies.vocabulary(_quads(root / "ontology"), _quads(root / "shapes"))


def _quads(folder: Path) -> Iterator[Quad]:
    """Yield what the files of a folder say; those that are not Turtle are told of elsewhere."""
    for path in _files_below(folder):
        try:
            yield from parse(path.read_bytes(), format=RdfFormat.TURTLE)
        except (SyntaxError, OSError):
            continue


def formatted(text: str, *, where: str = "input", vocabulary: Vocabulary | None = None) -> str:
    """Return canonical Turtle with the same meaning as this Turtle.

    Names are written with the prefixes of a project's vocabulary, or of the installed table.
    """
    quads = _parsed(text, where=where, vocabulary=vocabulary)
    _refuse_remarks(text, where=where)
    fresh = _Writer(quads, where=where, vocabulary=vocabulary).document()
    if _canonical(quads) != _canonical(_parsed(fresh, where=where, vocabulary=vocabulary)):
        raise AssertionError(f"{where}: the formatted text would mean something else")
    return fresh


def _parsed(text: str, *, where: str, vocabulary: Vocabulary | None) -> list[Quad]:
    parser = parse(text, format=RdfFormat.TURTLE)
    try:
        quads = list(parser)
    except SyntaxError as error:
        place, what = f"{where}:{error.lineno}:{error.offset}", str(error.msg).rstrip(".")
        raise CommuniqueError(f"{place}: not Turtle: {what}. Mend the file") from error
    for prefix, iri in sorted(parser.prefixes.items()):
        _check_prefix(prefix, iri, where=where, vocabulary=vocabulary)
    return quads


def _refuse_remarks(text: str, *, where: str) -> None:
    """Refuse comments: there is no place for them in a sorted file, and none is lost in silence."""
    for found in _REMARK.finditer(text):
        if found["remark"]:
            before = re.split(r"\r\n|\r|\n", text[: found.start()])
            raise CommuniqueError(
                f"{where}:{len(before)}:{len(before[-1]) + 1}: a comment, which the canonical form "
                "has no place for. Say it in a triple, such as skos:editorialNote, or leave it out"
            )


def _check_prefix(prefix: str, iri: str, *, where: str, vocabulary: Vocabulary | None) -> None:
    table = vocabulary.prefixes if vocabulary else PREFIXES
    installed = namespace(prefix)
    expected = vocabulary.namespaces(prefix) if vocabulary else (installed,) if installed else ()
    if not expected:
        known = next((name for name, space in table.items() if space == iri), None)
        where_else = "the ontology by sh:declare" if vocabulary else "namespaces.py"
        hint = f"Write {known}:" if known else f"Add it to {where_else}"
        raise CommuniqueError(f"{where}: prefix {prefix}: is not in the project's table. {hint}")
    if iri not in expected:
        raise CommuniqueError(f"{where}: prefix {prefix}: is <{iri}>. Make it <{expected[0]}>")


def _canonical(quads: Iterable[Quad]) -> set[str]:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


class _Writer:
    """Writes one graph. Blank nodes are written where they are used."""

    def __init__(
        self, quads: list[Quad], *, where: str, vocabulary: Vocabulary | None = None
    ) -> None:
        self._where = where
        self._shrink = vocabulary.shrink if vocabulary else shrink
        self._table = vocabulary.prefixes if vocabulary else PREFIXES
        self._used: set[str] = set()
        self._about: dict[Subject, dict[NamedNode, list[Term]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._uses: Counter[BlankNode] = Counter()
        for quad in dict.fromkeys(quads):
            self._take(quad)

    def _take(self, quad: Quad) -> None:
        subject, term = quad.subject, quad.object
        if isinstance(subject, Triple) or isinstance(term, Triple):
            raise CommuniqueError(f"{self._where}: holds a triple term. Give the statement an IRI")
        self._about[subject][quad.predicate].append(term)
        if isinstance(term, BlankNode):
            self._uses[term] += 1

    def document(self) -> str:
        """Return the whole text."""
        tops = [s for s in self._about if isinstance(s, NamedNode) or not self._uses[s]]
        self._refuse_shared_blank_nodes(tops)
        blocks = [self._block(subject) for subject in sorted(tops, key=self._subject_key)]
        spaces = {name: self._table.get(name) or namespace(name) for name in sorted(self._used)}
        head = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in spaces.items())
        return "\n".join(part for part in (head, *blocks) if part)

    def _refuse_shared_blank_nodes(self, tops: list[Subject]) -> None:
        """Refuse what cannot be written by nesting: nodes used twice, in circles, or too deep."""
        reached = set[Subject]()
        waiting = [(subject, 0) for subject in tops]
        while waiting:
            subject, depth = waiting.pop()
            if depth > _DEEPEST:
                raise CommuniqueError(
                    f"{self._where}: blank nodes nest deeper than {_DEEPEST}. Give some an IRI"
                )
            reached.add(subject)
            for predicate, terms in self._about.get(subject, {}).items():
                deeper = depth + (predicate != _REST)
                waiting += [(term, deeper) for term in terms if isinstance(term, BlankNode)]
        shared = any(uses > 1 for uses in self._uses.values())
        if shared or not reached.issuperset(self._about):
            raise CommuniqueError(f"{self._where}: a blank node is used twice. Give it an IRI")

    def _subject_key(self, subject: Subject) -> tuple[object, ...]:
        said = self._about[subject].get(_TYPE, [])
        types = {self._shrink(t.value) for t in said if isinstance(t, NamedNode)}
        ranks = [rank for rank, name in enumerate(_FIRST_CLASSES) if name in types]
        named = isinstance(subject, NamedNode)
        text = self._name(subject) if isinstance(subject, NamedNode) else self._inside(subject, "")
        return (min(ranks, default=len(_FIRST_CLASSES)), not named, _natural(text))

    def _block(self, subject: Subject) -> str:
        head = self._name(subject) if isinstance(subject, NamedNode) else "[]"
        return f"{head}\n{self._lines(subject, _INDENT)}.\n"

    def _lines(self, subject: Subject, indent: str) -> str:
        said = self._about[subject]
        written = []
        for predicate in sorted(said, key=self._predicate_key):
            verb = "a" if predicate == _TYPE else self._name(predicate)
            written.append(f"{indent}{verb}{self._objects(said[predicate], indent)} ;\n")
        return "".join(written)

    def _predicate_key(self, predicate: NamedNode) -> tuple[int, str]:
        name = self._shrink(predicate.value)
        first = _FIRST_PREDICATES.index(name) if name in _FIRST_PREDICATES else None
        return (len(_FIRST_PREDICATES) if first is None else first, name)

    def _objects(self, objects: list[Term], indent: str) -> str:
        deeper = indent + _INDENT
        if len(objects) == 1:
            return f" {self._term(objects[0], indent)}"
        texts = sorted((self._term(term, deeper) for term in objects), key=_natural)
        return "".join(f"\n{deeper}{text} ," for text in texts).removesuffix(" ,")

    def _term(self, term: Term, indent: str) -> str:
        if isinstance(term, NamedNode):
            return "()" if term == _NIL else self._name(term)
        return self._literal(term) if isinstance(term, Literal) else self._inside(term, indent)

    def _name(self, node: NamedNode) -> str:
        name = self._shrink(node.value)
        if not name.startswith("<"):
            self._used.add(name.partition(":")[0])
        return name

    def _inside(self, node: BlankNode, indent: str) -> str:
        members = self._list(node)
        deeper = indent + _INDENT
        if members is None:
            lines = self._lines(node, deeper)
            only = lines.strip(" ;\n")
            return f"[\n{lines}{indent}]" if "\n" in only else f"[ {only} ]"
        texts = [self._term(member, deeper) for member in members]
        short = f"( {' '.join(texts)} )"
        if len(indent + short) <= _WIDTH - 20 and "\n" not in short:
            return short
        return "(\n" + "".join(f"{deeper}{text}\n" for text in texts) + f"{indent})"

    def _list(self, node: Term) -> list[Term] | None:
        """Return the members of a well-formed list, or None."""
        members: list[Term] = []
        while node != _NIL:
            said = self._about.get(node, {}) if isinstance(node, BlankNode) else {}
            if {p: len(objects) for p, objects in said.items()} != {_HEAD: 1, _REST: 1}:
                return None
            members.append(said[_HEAD][0])
            node = said[_REST][0]
        return members

    def _literal(self, literal: Literal) -> str:
        value, datatype = literal.value, literal.datatype.value
        bare = _BARE.get(datatype)
        if bare and bare.fullmatch(value):
            return value
        text = _quoted(value)
        if literal.language:
            return f"{text}@{literal.language}"
        return text if datatype == f"{_XSD}string" else f"{text}^^{self._name(literal.datatype)}"


_TYPE, _HEAD, _REST = (NamedNode(_RDF + name) for name in ("type", "first", "rest"))


def _quoted(value: str) -> str:
    escaped = "".join(_ESCAPES.get(c, c) for c in value)
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04X}", escaped)
    if "\n" not in shown:
        return f'"{shown}"'
    plain = '""' not in value and not value.endswith('"')
    long = shown.replace('\\"', '"') if plain else shown
    return f'"""{long}"""'


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sort s2 before s10."""
    parts = re.split(r"([0-9]+)", text)
    return [(1, int(p), p) if p.isascii() and p.isdigit() else (0, 0, p) for p in parts]
