import re
import time
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from communique.findings import Region
from communique.namespaces import PREFIXES
from communique.positions import NotTurtle, Reading, Term, read
from turtle_oracle import Seen, seen

_BASE = "http://example.org/folder/file"
_SYNTAXES = [RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.N_TRIPLES, RdfFormat.N_QUADS]
_HEAD = "PREFIX : <http://e/> "
_QUIET = settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)


def _quads(text: str, syntax: RdfFormat = RdfFormat.TURTLE) -> list[Quad]:
    """Return the quads that pyoxigraph reads; it takes no BOM."""
    return list(parse(text.removeprefix("\ufeff"), syntax, base_iri=_BASE))


def _canonical(quads: list[Quad]) -> list[str]:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


def _located(reading: Reading) -> list[Quad]:
    return [
        Quad(t.subject, t.predicate, t.object, t.graph or DefaultGraph()) for t in reading.triples
    ]


def _agrees(text: str) -> int:
    """Compare with both judges: what the triples are, and where they stand."""
    reading = read(text, base=_BASE)

    quads = _quads(text)
    assert len(reading.triples) == len(quads)
    assert _canonical(_located(reading)) == _canonical(quads)
    assert _as_oracle(reading) == seen(text, _BASE)
    return len(quads)


def _as_oracle(reading: Reading) -> list[Seen]:
    return sorted(
        (
            _named(triple.subject),
            triple.predicate.value,
            _told(triple.object, reading.text[triple.object_at[0]]),
            triple.subject_at,
            triple.predicate_at,
            triple.object_at,
        )
        for triple in reading.triples
    )


def _named(term: NamedNode | BlankNode) -> str:
    return term.value if isinstance(term, NamedNode) else "_"


def _told(term: Term, begins: str) -> str:
    if not isinstance(term, Literal):
        return _named(term)
    if begins not in "\"'":
        return term.value if term.value in {"true", "false"} else "number"
    plain = term.language or term.datatype.value == PREFIXES["xsd"] + "string"
    return f'"{term.value}"^^{"" if plain else term.datatype.value}@{term.language or ""}'


# Each term, read again alone where we say that it stands, is the same term.


def _stands_alone(text: str, syntax: RdfFormat = RdfFormat.TURTLE) -> None:
    reading = read(text, syntax=syntax, base=_BASE)
    nodes: dict[str, Term] = {}
    for triple in reading.triples:
        for term, at in (
            (triple.subject, triple.subject_at),
            (triple.predicate, triple.predicate_at),
            (triple.object, triple.object_at),
        ):
            written = text[slice(*at)]
            if written[0] in "[(":
                assert written[-1] == {"[": "]", "(": ")"}[written[0]]
                _alone(reading, at)
            elif written.startswith("_:"):
                assert nodes.setdefault(written, term) == term
            else:
                assert _alone(reading, at) == term


def _alone(reading: Reading, at: tuple[int, int]) -> Term | Triple:
    """Read what stands at a place as an object, or as a predicate, by pyoxigraph."""
    written = reading.text[slice(*at)]
    if written == "a":
        return NamedNode(PREFIXES["rdf"] + "type")
    head, base = "", _BASE
    for declared in reading.declared:
        if declared.at[1] <= at[0]:
            base = declared.iri if declared.is_base else base
            head += "" if declared.is_base else f"PREFIX {declared.prefix}: <{declared.iri}>\n"
    quads = parse(f"{head}<x:s> <x:p> {written} .", RdfFormat.TURTLE, base_iri=base)
    term: Term | Triple = next(q.object for q in quads if q.subject == NamedNode("x:s"))
    return term


# On files that people wrote


def test_every_turtle_file_of_the_repository_is_read_as_two_other_parsers_read_it(
    checkout: Path,
) -> None:
    folders = ("ontology", "data", "shapes", "tests")
    files = [path for name in folders for path in sorted((checkout / name).rglob("*.ttl"))]
    plain = [path for path in files if "hostile" not in path.parts]  # those are to break parsers

    triples = sum(_agrees(path.read_bytes().decode()) for path in plain)

    assert len(plain) > 480
    assert triples > 20_000


def test_every_core_case_of_shacl_is_read_as_two_other_parsers_read_it(checkout: Path) -> None:
    folder = checkout.parent / "shared" / "w3c" / "shacl-core"
    if not folder.is_dir():
        pytest.skip("../shared/w3c is not here")
    files = sorted(folder.rglob("*.ttl"))

    triples = sum(_agrees(path.read_bytes().decode()) for path in files)

    assert len(files) == 121
    assert triples > 4_000


# On files that nobody would write

_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\"'\\\r\n")
_ESCAPES = st.sampled_from(
    ["\\t", "\\n", "\\r", "\\b", "\\f", '\\"', "\\'", "\\\\", "\\u00e9", "\\U0001F600", "\\u0022"]
)
_PIECES = st.lists(st.text(_CHARACTERS, max_size=4) | _ESCAPES, max_size=4).map("".join)
_LONG_PIECES = st.lists(
    st.text(_CHARACTERS, max_size=4)
    | _ESCAPES
    | st.sampled_from(["\n", "\r\n", "\r", "\"'x", "''\"x", '""x', "# no comment\n", "<a>."]),
    max_size=5,
).map("".join)
_STRINGS = st.one_of(
    _PIECES.map('"{}"'.format),
    _PIECES.map("'{}'".format),
    _LONG_PIECES.map('"""{}"""'.format),
    _LONG_PIECES.map("'''{}'''".format),
)
_IRIS = st.sampled_from(
    [
        *["<http://e/a>", "<http://e/é😀>", "<http://e/\\u00e9>", "<http://e/\\U0001F600#x>"],
        *["<urn:x:y%20z?q=1#f>", "<>", "<x>", "<#f>", "<../y>"],
    ]
)
_PREFIXED = st.sampled_from(
    [
        *[":", ":a", ":a.b", ":a-b", ":1", ":%41", ":a%2Fb.c", "ex:", "ex:é", "ex:a:b", "ex::"],
        *[
            ":\\~\\.x",
            ":a\\,b",
            "é:\\#x\\;y",
            "é:x",
            "x.y:z.z",
            "p-1:_",
            "true:a",
            "a:a",
            "ex:日本",
        ],
    ]
)
_LABELS = st.sampled_from(["_:a", "_:b", "_:é", "_:a.b", "_:1", "_:x-y", "_:_"])
_NUMBERS = st.sampled_from(
    [
        *["1", "-1", "+01", "007", "1.5", "-0.50", ".5", "+.5", "1e0", "1.e0", ".5E-3", "-1.0E+07"],
        *["123456789012345678901234567890", "0.1000000000000000000001"],
    ]
)
_TAGS = st.sampled_from(["", "@en", "@en-GB", "@x-a-1", "^^ex:t", "^^<http://e/t>", "^^<t>"])
_LEAVES = st.one_of(
    _IRIS,
    _PREFIXED,
    _LABELS,
    _NUMBERS,
    st.sampled_from(["true", "false"]),
    st.builds("{}{}".format, _STRINGS, _TAGS),
).map(lambda word: [word])
_VERBS = _IRIS | _PREFIXED | st.just("a")


def _list(members: list[list[str]]) -> list[str]:
    return ["(", *(word for member in members for word in member), ")"]


def _properties(pairs: list[tuple[str, list[list[str]]]], semicolons: int) -> list[str]:
    words = []
    for verb, objects in pairs:
        words += [verb, *objects[0], *(word for each in objects[1:] for word in (",", *each)), ";"]
    return words[:-1] + [";"] * semicolons


def _said(objects: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    pair = st.tuples(_VERBS, st.lists(objects, min_size=1, max_size=3))
    return st.builds(_properties, st.lists(pair, min_size=1, max_size=3), st.integers(0, 2))


_OBJECTS = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(_list)
        | _said(inner).map(lambda words: ["[", *words, "]"])
        | st.just(["[", "]"])
    ),
    max_leaves=6,
)
_BRACKETS = _said(_OBJECTS).map(lambda words: ["[", *words, "]"])
_SUBJECTS = (
    (_IRIS | _PREFIXED | _LABELS).map(lambda word: [word])
    | st.lists(_OBJECTS, max_size=3).map(_list)
    | _BRACKETS
    | st.just(["[", "]"])
)
_TRIPLES = st.builds(
    lambda subject, said: [*subject, *said], _SUBJECTS, _said(_OBJECTS)
) | _BRACKETS.map(lambda words: ["[", *words[1:-1], "]"])
_DIRECTIVES = st.sampled_from(
    [
        *[["PREFIX", "ex:", "<http://other/>"], ["@prefix", ":", "<http://third/#>", "."]],
        *[["prefix", ":", "<sub/>"], ["@base", "<http://based/a/b>", "."], ["BASE", "<c/d>"]],
    ]
)
_STATEMENTS = _TRIPLES.map(lambda words: [*words, "."])
_DECLARED = (
    "PREFIX : <http://e/>\nPREFIX ex: <http://e/ex#>\n@prefix é: <http://é/> .\n"
    "PREFIX x.y: <http://e/>\r\nPREFIX p-1: <urn:p:>\tPREFIX true: <http://e/>PREFIX a: <a:>"
)
_GAPS = ["", " ", "\n", "\r\n", "\t ", " # <:a> \"'[]({}.;,@\\ é😀\ufeff\x0b\u2028\n", "#\r\n", ""]
_WIDE_GAPS = [*_GAPS, "\r", "#a\r", "\n\r"]
_BRACED = frozenset("<>\"'[](){},;")


def _joined(words: list[str], gaps: list[str]) -> str:
    """Put words together; where two would be one without a gap, there is one."""
    text = last = ""
    for word, gap in zip(words, cycle(gaps), strict=False):
        close = text[-1:] in _BRACED or word[0] in _BRACED or word == "."
        escaped = "\\" in last and last[0] not in _BRACED and word == "."
        quotes = last[-1:] == word[0] and word[0] in "\"'"
        needed = not close or last == "." or escaped or quotes
        text += (gap or (" " if needed and text else "")) + word
        last = word
    return text


@st.composite
def _documents(draw: st.DrawFn, gaps: list[str]) -> str:
    parts = draw(st.lists(_STATEMENTS | _STATEMENTS | _DIRECTIVES, max_size=5))
    twice = draw(st.sampled_from([[], parts[:1], parts]))
    words = [word for part in [*parts, *twice] for word in part]
    chosen = draw(st.lists(st.sampled_from(gaps), min_size=1, max_size=8))
    ending = draw(st.sampled_from(["", "\n", "\r\n", " # end"]))
    bom = draw(st.sampled_from(["", "", "\ufeff"]))
    return f"{bom}{_DECLARED}\n{_joined(words, chosen)}{ending}"


@_QUIET
@given(_documents(_GAPS))
def test_any_text_is_read_as_two_other_parsers_read_it(text: str) -> None:
    _agrees(text)


@_QUIET
@given(_documents(_WIDE_GAPS))
def test_each_term_read_alone_where_it_stands_is_the_same_term(text: str) -> None:
    _stands_alone(text)
    assert _canonical(_located(read(text, base=_BASE))) == _canonical(_quads(text))


# Graphs and lines


def _graph(name: list[str], triples: list[list[str]], *, dotted: bool) -> list[str]:
    words = [word for each in triples for word in (*each, ".")]
    return [*name, "{", *(words if dotted else words[:-1]), "}"]


_GRAPHS = st.builds(
    _graph,
    st.sampled_from([[], ["<g>"], ["GRAPH", "ex:g"], ["_:g"], ["graph", "[", "]"], ["[", "]"]]),
    st.lists(_TRIPLES, max_size=3),
    dotted=st.booleans(),
)


@_QUIET
@given(
    st.lists(_GRAPHS | _STATEMENTS | _DIRECTIVES, max_size=4),
    st.lists(st.sampled_from(_WIDE_GAPS), min_size=1, max_size=8),
)
def test_graphs_are_read_as_pyoxigraph_reads_them(parts: list[list[str]], gaps: list[str]) -> None:
    text = f"{_DECLARED}\n{_joined([word for part in parts for word in part], gaps)}"

    assert _canonical(_located(read(text, syntax=RdfFormat.TRIG, base=_BASE))) == _canonical(
        _quads(text, RdfFormat.TRIG)
    )
    _stands_alone(text, RdfFormat.TRIG)


_FULL = st.sampled_from(["<http://e/a>", "<urn:x:é>", "<http://e/\\u00e9>"])
_LITERALS = st.builds(
    '"{}"{}'.format, _PIECES, st.sampled_from(["", "@en", "@en-GB", "^^<http://e/t>"])
)
_LINE = st.tuples(
    *[_FULL | _LABELS, _FULL, _FULL | _LABELS | _LITERALS, st.just("") | _FULL | _LABELS],
    st.sampled_from([" .\n", ".\r\n", "\t. # end\n\n", ".#\r"]),
).map(lambda words: f"{' '.join(words[:4])}{words[4]}")


@_QUIET
@given(st.lists(_LINE, max_size=6).map("".join))
def test_lines_are_read_as_pyoxigraph_reads_them(text: str) -> None:
    assert _canonical(_located(read(text, syntax=RdfFormat.N_QUADS))) == _canonical(
        _quads(text, RdfFormat.N_QUADS)
    )
    _stands_alone(text, RdfFormat.N_QUADS)


# Texts with faults are refused, and only they

_BITS = st.sampled_from(
    [
        *"<>\"'[](){},;.:@#\\^ \n\r_a1-+eE%|`&?!=é\u00b7\x00\u200c\U000f0000",
        *['"""', "'''", "^^", "@en", "<a>", "a:b", "\\u0041", "\\uD800", "PREFIX", "@prefix"],
        *["@base", "true", "graph", "{}", ".5", "1e5", "1.", "..", "[]", "()", "_:b", "%41", "\\,"],
        *["", "", "<a:b>", '"a"'],
    ]
)
_EDIT = st.tuples(st.integers(0, 400), st.integers(0, 3), _BITS)
_TURTLE_1_2 = re.compile(r"<<|\{\||~|--")


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for at, length, bit in edits:
        place = len(text) - at % (len(text) + 1)
        text = text[:place] + bit + text[place + length :]
    return text


_EDITS = st.lists(_EDIT, min_size=1, max_size=3)


@settings(_QUIET, max_examples=150)
@given(st.builds(_edited, _documents(_WIDE_GAPS), _EDITS), st.sampled_from(_SYNTAXES[:2]))
def test_what_pyoxigraph_refuses_is_refused_and_nothing_else(text: str, syntax: RdfFormat) -> None:
    if not _TURTLE_1_2.search(text):
        _judged_alike(text.replace("\ufeff", ""), syntax)


@settings(_QUIET, max_examples=150)
@given(
    st.builds(_edited, st.lists(_LINE, max_size=4).map("".join), _EDITS),
    st.sampled_from(_SYNTAXES[2:]),
)
def test_lines_that_pyoxigraph_refuses_are_refused_and_no_others(
    text: str, syntax: RdfFormat
) -> None:
    if not _TURTLE_1_2.search(text):
        _judged_alike(text, syntax)


def _judged_alike(text: str, syntax: RdfFormat) -> None:
    try:
        expected = _quads(text, syntax)
    except SyntaxError:
        with pytest.raises(NotTurtle):
            read(text, syntax=syntax, base=_BASE)
    else:
        assert len(read(text, syntax=syntax, base=_BASE).triples) == len(expected)


@pytest.mark.parametrize("syntax", _SYNTAXES[:2])
@pytest.mark.parametrize(
    "text",
    [
        *[
            ":a :b 1.",
            ":a :b 1.e0.",
            ":a :b 1.5.",
            ":a :b 1e .",
            ":a :b 1.e:x :y :z .",
            ":a :b 1..",
            ":a :b + .",
        ],
        *[
            ":a :b 1.5e:x .",
            ":a :b 1.:d :e :f.",
            ":a :b 1.5.5 .",
            ":a :b (1.5E0ex:a) .",
            ":a :b 1:b .",
        ],
        *[
            ":a :b true.",
            ":a :b True .",
            ":a :b true1 .",
            ":a :b true.:d :e :f.",
            ":a a1 .",
            ":a a.5 .",
        ],
        *[
            ':a a"x" .',
            ":a a a .",
            ":a :b a .",
            "a :b :c .",
            ":a a:b .",
            "true :b :c .",
            '"a" :b :c .',
        ],
        *[
            ':a :b "x" @en .',
            ':a :b "x" ^^ :c .',
            ':a :b "x"^^a .',
            ':a :b "x"@en-, :c .',
            ':a :b "x"@en_US .',
        ],
        *[
            ':a :b """a"""".',
            ':a :b """a""""".',
            ':a :b """a" .',
            ':a :b "a\nb" .',
            ':a :b "a\rb" .',
        ],
        *[
            ":a :b _:x.y.",
            ":a :b _:x.",
            ":a :b _:x..",
            ":a :b _: .",
            ":a :b _:-x .",
            ":a :b _:x:y .",
            ":a _:b :c .",
        ],
        *[
            ":a :b :c.",
            ":a :b :c..",
            ":a :b :.c .",
            ":a :b :-c .",
            ":a :b :%4 .",
            ":a :b :c\\u0041 .",
            ":a :b :c\\: .",
        ],
        *[
            ":a.:b :c",
            "a.:b :c :d .",
            ":a:b:c.",
            ":a :b :\u00b7 .",
            ":a :b :a\u00b7 .",
            ":a :b :\U000f0000 .",
        ],
        *[
            "[] .",
            "[:a :b].",
            "[:a :b] ; :c :d .",
            "[:a :b;] :c :d;.",
            "[;] :a :b .",
            "() .",
            "() :a :b .",
            "(1) .",
        ],
        *[
            "(1) :a :b .",
            ":a :b :c ; ; .",
            ":a :b :c ;; :d :e .",
            ":a ; :b :c .",
            ":a :b :c , .",
            ":a [] :c .",
        ],
        *[
            ":a :b [:c :d .] .",
            ":a :b (1 .",
            ":a :b [ ",
            ":a :b ( ",
            ":a :b ) .",
            ":a :b ] .",
            ":a :b :c } .",
            ". ",
        ],
        *[
            "@prefix x: <x:> x:a :b :c .",
            "PREFIX x: <x:> . ",
            "@PREFIX x: <x:> .",
            "prefix x.: <x:>",
            "PREFIX _: <x:>",
        ],
        *[
            "PREFIX x:y <x:>",
            "PREFIX : <x:> :a :b :c .",
            "PREFIX PREFIX: <x:> PREFIX:a PREFIX:b <x:c> .",
        ],
        *[
            "BASE <x>",
            "BASE: <x:>",
            "@base <x:y> <a> <b> <c> .",
            "@base<x:y>.<a><b><c>.",
            "BASE <:> ",
            "<1a:b> :b :c .",
        ],
        *[
            "<http://[> :b :c .",
            "<http://e:x/> :b :c .",
            "<x:%zz> :b :c .",
            "<x:\ue000> :b :c .",
            "<x:?\ue000> :b :c .",
        ],
        *[
            ":a :b (1e:x) .",
            ":a :b (1.5e:x) .",
            ":a :b (.5e:x) .",
            ":a :b (1 e:x 1.5E0e:x .5 e:x) .",
            "{ :g { }",
            "<x:g> { :a :b :c }",
            "GRAPH :g { :a :b :c . }",
            "GRAPH { }",
            "GRAPH :g :a :b .",
            "GRAPH [] { }",
            "GRAPH [:a :b] { }",
        ],
        *[
            "{ } .",
            "{ { } }",
            "{ . }",
            "{ :a :b :c .. }",
            "{ [:a :b] }",
            "{ :a :b :c; }",
            "{ PREFIX x: <x:> }",
            "{ :a :b [ } ]",
        ],
        *[
            "[:a :b] { }",
            "[] { }",
            "(1) { }",
            "() { }",
            "{ :g { } }",
            "GRAPH (1) { }",
            "_:g { :a :b _:g }",
            ":g { :a :b :c",
        ],
        *[
            ":a :b :c :d .",
            ":a :b \x0c :c .",
            ":a :b \x00 .",
            ":a :b \u00a0 :c .",
            ":a :b :c .\x1a",
            "# :a",
            "",
        ],
    ],
)
def test_a_corner_case_is_judged_as_pyoxigraph_judges_it(text: str, syntax: RdfFormat) -> None:
    _judged_alike(f"{_HEAD}PREFIX e: <http://e/e> {text}", syntax)


@pytest.mark.parametrize(
    ("text", "message", "found"),
    [
        (":a :b :c", "expected a comma, a semicolon or the end of the statement, and the", ""),
        (":a :b , :c .", "expected an object, found ,", ","),
        (":a . ", "expected a predicate, found .", "."),
        (":a 1 :c .", "expected a predicate, found 1", "1"),
        ("1 :b :c .", "expected a subject, found 1", "1"),
        ("so :b :c .", "expected a statement, found so", "so"),
        (":a :b no:c .", "the prefix no: is not declared", "no:c"),
        (":a :b <c d> .", "expected an object, and this begins no IRI", "<"),
        (":a :b <c\\u0020d> .", "not an IRI: Invalid IRI code point ' '", "<c\\u0020d>"),
        (":a :b <c> .", "not an IRI: No scheme found in an absolute IRI", "<c>"),
        (':a :b "c .\n', 'the string that " opens has no end on its line', '"'),
        (':a :b """c" .\n', 'the string that """ opens has no end', '"""'),
        (':a :b "c\\d" .', "no character is written \\d", "\\d"),
        (':a :b "\\U00110000" .', "no character is written \\U00110000", "\\U00110000"),
        (':a :b "\\uD800" .', "no character is written \\uD800", "\\uD800"),
        (':a :b "c"@e .', "not a literal: The given language subtag is invalid", "@e"),
        (':a :b "c"@abcdefghi .', "not a literal: A subtag may be eight char", "@abcdefghi"),
        (':a :b "c"^^rdf .', "expected a datatype, found rdf", "rdf"),
        (':a :b "c"^^"d" .', 'expected a datatype, found "d"', '"d"'),
        (":a :b [ :c :d . ] .", "expected a comma, a semicolon or the end of the statement", "."),
        (":a :b ( :c .", "expected an object, found .", "."),
        (":a :b :c } ", "expected a comma, a semicolon or the end of the statement", "}"),
        ("[ ; ] :b :c .", "expected a predicate, found ;", ";"),
        ("[] .", "expected a predicate, found .", "."),
        ("[:a :b] ; :c :d .", "expected a predicate or the end of the statement, found ;", ";"),
        ("@prefix x: <y:> :a :b :c .", "expected a dot after @prefix, found :a", ":a"),
        ("PREFIX x <y:> ", "expected a prefix and its colon, found x", "x"),
        ("PREFIX x:y <y:> ", "expected a prefix and its colon, found x:y", "x:y"),
        ("BASE :a ", "expected an IRI in angle brackets, found :a", ":a"),
        (':a :b "\ud800" .', "not a literal: ", '"\ud800"'),
        (":a :b <x:\ud800> .", "not an IRI: ", "<x:\ud800>"),
        ("GRAPH :a { }", "expected a statement, found GRAPH", "GRAPH"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, message: str, found: str) -> None:
    with pytest.raises(NotTurtle) as refused:
        read(_HEAD + text)

    fault = refused.value
    assert fault.message.startswith(message)
    assert (_HEAD + text)[fault.start : fault.end] == found
    assert str(fault) == fault.message


def test_text_with_a_language_has_no_datatype_of_that_name() -> None:
    with pytest.raises(NotTurtle, match="language tag"):
        read(f':a <x:b> "c"^^<{PREFIXES["rdf"]}langString> .'.replace(":a", "<x:a>"))


# Where things stand, by hand


def _written(text: str, **syntax: RdfFormat) -> list[tuple[str, str, str]]:
    """Return what is written where the terms of each triple stand."""
    return [
        (text[slice(*t.subject_at)], text[slice(*t.predicate_at)], text[slice(*t.object_at)])
        for t in read(text, base=_BASE, **syntax).triples
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":a :b :c.d.", [(":a", ":b", ":c.d")]),
        (":a a :b,:c;:d 1.5.", [(":a", "a", ":b"), (":a", "a", ":c"), (":a", ":d", "1.5")]),
        (':a :b "x"@en , "y" ^^ :t .', [(":a", ":b", '"x"@en'), (":a", ":b", '"y" ^^ :t')]),
        (":a :b _:c. _:c :b true.", [(":a", ":b", "_:c"), ("_:c", ":b", "true")]),
        (":a :b [ ] .", [(":a", ":b", "[ ]")]),
        (":a :b [:c :d].", [(":a", ":b", "[:c :d]"), ("[:c :d]", ":c", ":d")]),
        ("[:c :d].", [("[:c :d]", ":c", ":d")]),
        ("[:c :d] :e :f .", [("[:c :d]", ":c", ":d"), ("[:c :d]", ":e", ":f")]),
        (":a :b () .", [(":a", ":b", "()")]),
        ("( ) :b :c .", [("( )", ":b", ":c")]),
        (
            ":a :b (1 2) .",
            [
                *[(":a", ":b", "(1 2)"), ("(1 2)", "(1 2)", "1")],
                *[("(1 2)", "(1 2)", "(1 2)"), ("(1 2)", "(1 2)", "2"), ("(1 2)",) * 3],
            ],
        ),
        (
            ":a :b ([:c ()]).",
            [
                *[(":a", ":b", "([:c ()])"), ("([:c ()])", "([:c ()])", "[:c ()]")],
                *[("[:c ()]", ":c", "()"), ("([:c ()])",) * 3],
            ],
        ),
        (":a :b :c . :a :b :c .", [(":a", ":b", ":c"), (":a", ":b", ":c")]),
        (":a :b '''''', '''a'b''' .", [(":a", ":b", "''''''"), (":a", ":b", "'''a'b'''")]),
        (
            ':a :b ("""""""c").',
            [
                *[(":a", ":b", '("""""""c")'), ('("""""""c")', '("""""""c")', '""""""')],
                *[('("""""""c")',) * 3, ('("""""""c")', '("""""""c")', '"c"')],
                ('("""""""c")',) * 3,
            ],
        ),
        (":a\\,b :b\\,c :c\\,.d.", [(":a\\,b", ":b\\,c", ":c\\,.d")]),
    ],
)
def test_a_term_stands_where_it_is_written(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert _written(_HEAD + text) == expected


def test_a_name_with_an_escape_ends_before_the_dot() -> None:
    reading = read(_HEAD + ":a :b :c\\,d, :c\\~\\.d.")

    assert [str(triple.object) for triple in reading.triples] == [
        "<http://e/c,d>",
        "<http://e/c~.d>",
    ]
    assert _as_oracle(reading) == seen(reading.text, _BASE)


def test_a_line_is_in_the_graph_that_it_names() -> None:
    text = "<x:a> <x:b> <x:c> <x:g> .\n<x:a> <x:b> <x:c> .\n<x:a> <x:b> <x:c> _:g ."

    reading = read(text, syntax=RdfFormat.N_QUADS)

    assert [str(triple.graph) for triple in reading.triples] == ["<x:g>", "None", "_:b1"]


@pytest.mark.parametrize(
    ("written", "datatype"),
    [
        *[("1", "integer"), ("+007", "integer"), ("-0", "integer"), ("1.50", "decimal")],
        *[("-.5", "decimal"), ("1e0", "double"), ("1.E+5", "double"), (".5e-01", "double")],
        *[("true", "boolean"), ("false", "boolean")],
    ],
)
def test_a_value_keeps_the_form_in_which_it_is_written(written: str, datatype: str) -> None:
    found = read(f"<x:a> <x:b> {written}.").triples[0]

    assert found.object == Literal(written, datatype=NamedNode(PREFIXES["xsd"] + datatype))


def test_the_same_triple_written_twice_stands_at_two_places() -> None:
    one, other = read(_HEAD + ":a :b :c . :a :b :c .").triples

    assert (one.subject, one.predicate, one.object) == (
        other.subject,
        other.predicate,
        other.object,
    )
    assert one.subject_at < other.subject_at


def test_blank_nodes_are_labelled_in_the_order_of_the_text() -> None:
    reading = read(_HEAD + "_:x :p [ :p _:b1 ], (_:x) . _:b1 :p [] .")

    found = {term: None for t in reading.triples for term in (t.subject, t.object)}
    nodes = [term.value for term in found if isinstance(term, BlankNode)]
    assert nodes == ["b1", "b2", "b3", "b4", "b5"]
    assert reading.triples[0].subject == reading.triples[3].object


def test_every_name_and_declaration_is_told_as_it_is_written() -> None:
    text = '@prefix x: <http://e/> . BASE <http://b/c> x:a a <d> ; x:b "1"^^x:t . @base <e/f> .'

    reading = read(text)

    assert [(name.written, name.iri) for name in reading.names] == [
        ("x:a", "http://e/a"),
        ("<d>", "http://b/d"),
        ("x:b", "http://e/b"),
        ("x:t", "http://e/t"),
    ]
    assert all(text[slice(*name.at)] == name.written for name in reading.names)
    assert [(each.prefix, each.iri, each.is_base) for each in reading.declared] == [
        ("x", "http://e/", False),
        ("", "http://b/c", True),
        ("", "http://b/e/f", True),
    ]
    assert [text[slice(*each.at)] for each in reading.declared] == [
        *["@prefix x: <http://e/>", "BASE <http://b/c>", "@base <e/f>"]
    ]


def test_a_graph_is_named_for_each_of_its_triples() -> None:
    text = (
        "<x:a> <x:b> <x:c> . <x:g> { <x:a> <x:b> [ <x:d> 1 ] } "
        "{ <x:a> <x:b> 2 } <x:g> { } <x:a> <x:b> 3 ."
    )

    reading = read(text, syntax=RdfFormat.TRIG)

    assert [str(t.graph) for t in reading.triples] == ["None", "<x:g>", "<x:g>", "None", "None"]
    assert "<x:g>" in [name.written for name in reading.names]


@pytest.mark.parametrize("syntax", [RdfFormat.N_TRIPLES, RdfFormat.N_QUADS])
@pytest.mark.parametrize(
    "text",
    [
        "<x:a> <x:b> 1 .",
        "<x:a> a <x:b> .",
        "<x:a> <x:b> 'c' .",
        '<x:a> <x:b> """c""" .',
        "<x:a> <x:b> <c> .",
        "<x:a>\n<x:b> <x:c> .",
        "<x:a> <x:b> <x:c>\n.",
        "<x:a> <x:b> <x:c> . <x:a> <x:b> <x:d> .",
        "PREFIX x: <x:>",
        "<x:a> <x:b> <x:c> <x:d> <x:e> .",
    ],
)
def test_a_line_abbreviates_nothing(text: str, syntax: RdfFormat) -> None:
    _judged_alike(text, syntax)
    with pytest.raises(NotTurtle):
        read(text, syntax=syntax)


# RFC 3986, 5.4: references against http://a/b/c/d;p?q


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        *[("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g")],
        *[("g/", "http://a/b/c/g/"), ("/g", "http://a/g"), ("//g", "http://g")],
        *[
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
        ],
        *[("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"), (";x", "http://a/b/c/;x")],
        *[("g;x", "http://a/b/c/g;x"), ("g;x?y#s", "http://a/b/c/g;x?y#s")],
        *[("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/")],
        *[("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g")],
        *[("../..", "http://a/"), ("../../", "http://a/"), ("../../g", "http://a/g")],
        *[("../../../g", "http://a/g"), ("../../../../g", "http://a/g"), ("/./g", "http://a/g")],
        *[("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g")],
        *[("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g")],
        *[
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
        ],
        *[("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y")],
        *[("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x")],
        *[("g#s/./x", "http://a/b/c/g#s/./x"), ("g#s/../x", "http://a/b/c/g#s/../x")],
        ("http:g", "http:g"),
    ],
)
def test_a_relative_iri_is_resolved_by_the_standard(reference: str, expected: str) -> None:
    said, given_base = (
        read(f"BASE <http://a/b/c/d;p?q> <{reference}> <x:p> 1 ."),
        read(f"<{reference}> <x:p> 1 .", base="http://a/b/c/d;p?q"),
    )

    assert said.names[0].iri == given_base.names[0].iri == expected


# Lines and columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<x:a> <x:b> 1 .", Region(1, 13, 1, 14)),
        ("\ufeff<x:a> <x:b> 1 .", Region(1, 13, 1, 14)),
        ("<x:a>\n<x:b>\n 1 .", Region(3, 2, 3, 3)),
        ("\ufeff<x:a>\n<x:b> 1 .", Region(2, 7, 2, 8)),
        ("<x:a>\r\n<x:b>\r\n\r\n1 .", Region(4, 1, 4, 2)),
        ("<x:a>\r<x:b>\r\r1 .", Region(4, 1, 4, 2)),
        ("<x:a>\n\r<x:b>\r\n1 .", Region(4, 1, 4, 2)),
        ("<x:é😀> <x:b> 1 .", Region(1, 14, 1, 15)),
        ("<x:e\u0301> <x:b> 1 .", Region(1, 14, 1, 15)),
        ("<x:a> # \x0b\x0c\x1c\x85\u2028\u2029\n<x:b> 1 .", Region(2, 7, 2, 8)),
        ('<x:a> <x:b> """1\n2\r\n""" .', Region(1, 13, 3, 4)),
        ("<x:a> <x:b>\t1 .", Region(1, 13, 1, 14)),
    ],
)
def test_a_region_counts_lines_and_code_points(text: str, expected: Region) -> None:
    reading = read(text)

    assert reading.region(reading.triples[-1].object_at) == expected


def test_a_region_of_nothing_is_the_first_place() -> None:
    assert Reading("", [], [], []).region((0, 0)) == Region(1, 1, 1, 1)
    assert Reading("\ufeff", [], [], []).region((0, 1)) == Region(1, 1, 1, 1)
    assert Reading("a\n", [], [], []).region((2, 2)) == Region(2, 1, 2, 1)


# Hostile sizes


@pytest.mark.parametrize(
    ("opens", "closes", "triples"), [("[<x:p> ", "]", 12_001), ("(", ")", 24_001)]
)
def test_brackets_nest_as_deep_as_one_likes(opens: str, closes: str, triples: int) -> None:
    text = f"<x:a> <x:b> {opens * 12_000}<x:c>{closes * 12_000} ."

    reading = read(text)

    assert len(reading.triples) == triples
    assert reading.triples[-1].object_at[0] >= len("<x:a> <x:b> ")


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ('<x:a> <x:b> "' + "\\\\" * 212_000 + '" .', True),
        ('<x:a> <x:b> """' + '""x' * 170_000 + '""" .', True),
        ('<x:a> <x:b> """' + '""x' * 170_000, False),
        ('<x:a> <x:b> "' + "x" * 500_000, False),
        ("<x:a> <x:b> <x:" + "y" * 500_000, False),
        ("<x:a> <x:b> x" + ".x" * 212_000, False),
        ("<x:a> <x:b> x" + "." * 500_000, False),
        ("<x:a> <x:b> _:x" + ".x" * 212_000, False),
        ("<x:a> <x:b> " + "1" * 500_000 + " .", True),
        ("<x:a> <x:b> " + "1" * 500_000 + "e .", False),
        ("#" * 500_000, True),
        (" \n#x\r" * 100_000, True),
        ("<x:a> <x:b> " + "<x:c>, " * 30_000 + "<x:c> .", True),
        ("<x:a> <x:b> " + '"c", ' * 40_000 + "<x:c> .", True),
        ("<x:a> <x:b> " + "() , " * 40_000 + "<x:c> .", True),
        ("<x:a> <x:b> <x:c> " + "; " * 212_000 + ".", True),
        ("PREFIX x: <x:> " * 33_000, True),
        ("<x:a> <x:b> <x:c> .\n" * 12_000, True),
    ],
)
def test_the_time_grows_with_the_length_and_no_faster(text: str, *, fine: bool) -> None:
    begun = time.process_time()
    try:
        read(text)
    except NotTurtle:
        refused = True
    else:
        refused = False

    assert refused is not fine
    assert time.process_time() - begun < 10  # squared, they would take hours
