"""The evidence check: on our own text always, on the article where a copy is at hand."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store, Triple

from communique import dataset, resources
from communique.canonical import canonical, folded, plain
from communique.errors import CommuniqueError
from communique.evidence import Result, check, counts, problems, read_copy
from communique.namespaces import PREFIXES
from communique.passages import Passage, Sentence, Span, digest, passages, passages_of, spans_of
from communique.relocation import Place, Text

ARTICLE = Path(__file__).parents[2] / "shared" / "article" / "article.txt"

HEADLINE = "Norvia and Estmark settle the quarrel over the herring banks of the Grey Sound"
DATELINE = "Port Halden, Tuesday"
BODY = [
    "The two fisheries ministers met for six hours on board a survey vessel on Monday.",
    'Norvia "welcomes the spirit" of the accord, its ministry said in a short note.',
    "According to Estmark's envoy, trawlers will leave the northern bank within ten days.",
    "The envoy also demanded that the harbour fees be halved before the winter season.",
    "No fees were discussed, the Norvian delegation replied later the same evening.",
    'Estmark calls the northern bank its "inherited larder" - a phrase Norvia rejects.',
    "Observers counted forty vessels near the bank, twice as many as a year ago.",
    "A joint patrol is expected to sail in spring, though neither side named a port.",
    'The skippers\' guild, which was not invited, spoke of "an accord about us, without us".',
    "Both capitals promised to publish the catch figures of the last three seasons.",
    "Whether the accord binds the island councils remains a matter for the lawyers.",
]
SENTENCES = [HEADLINE, DATELINE, *BODY]
TEXT = f"{HEADLINE}\n{DATELINE}{' '.join(BODY[:6])}\n{' '.join(BODY[6:])}\n"
WORDS = ["welcomes the spirit", "trawlers will leave the northern bank", "inherited larder"]
WORDS += ["forty vessels", "Port Halden", "an accord about us, without us"]

SOURCE, COPY = PREFIXES["cmq"] + "test-source", PREFIXES["cmq"] + "test-copy"
CMQ, OA = PREFIXES["cmq"], PREFIXES["oa"]


def described(
    text: str, sentences: list[Sentence], spans: list[tuple[int, int]], name: str = ""
) -> Store:
    """Return a store that describes a text the way the dataset does."""
    store = Store()
    graph = NamedNode(PREFIXES["graph"] + "source/test" + name)
    triples = passages(text, sentences, source=SOURCE + name, copy=COPY + name)
    store.extend(Quad(t.subject, t.predicate, t.object, graph) for t in triples)
    for start, end in spans:
        around = next(s for s in sentences if s.start <= start and end <= s.end)
        head = digest(text)[:8]
        span = NamedNode(f"{PREFIXES['span']}{head}-{start}-{end}")
        within = NamedNode(f"{PREFIXES['passage']}{head}-{around.start}-{around.end}")
        for predicate, value in (
            (PREFIXES["rdf"] + "type", NamedNode(CMQ + "Span")),
            (CMQ + "within", within),
            (OA + "start", Literal(start)),
            (OA + "end", Literal(end)),
        ):
            store.add(Quad(span, NamedNode(predicate), value, graph))
    return store


def cut(text: str, sentences: list[str]) -> list[Sentence]:
    """Name the sentences S1, S2, ... at their places in the text."""
    kind = PREFIXES["cmqv"] + "body"
    places = [(text.index(words), text.index(words) + len(words)) for words in sentences]
    return [Sentence(f"S{n}", kind, *place) for n, place in enumerate(places, 1)]


def accord(name: str = "") -> Store:
    """Describe our own text; under another name, a text of which every sentence is another."""
    text, sentences, words = (
        [part.replace(" ", " " + name) for part in parts] for parts in ([TEXT], SENTENCES, WORDS)
    )
    spans = [(text[0].index(word), text[0].index(word) + len(word)) for word in words]
    return described(text[0], cut(text[0], sentences), spans, name)


@pytest.fixture(name="store")
def _store() -> Store:
    return accord()


@pytest.mark.parametrize(
    ("quote", "status"),
    [("forty vessels", "verified"), ("… vessels", "verified"), ("fifty vessels", "altered")],
)
def test_a_quotation_is_held_against_the_copy(store: Store, quote: str, status: str) -> None:
    place = TEXT.index("forty vessels")
    span = f"{PREFIXES['span']}{digest(TEXT)[:8]}-{place}-{place + len('forty vessels')}"
    store.add(Quad(NamedNode(span), NamedNode(CMQ + "quote"), Literal(quote, language="en")))
    results = {result.iri: result.status for result in check(store, TEXT)}

    assert results[span] == status


def test_the_length_of_a_copy_is_held_against_it(store: Store) -> None:
    length = NamedNode(CMQ + "codePoints")
    (stated,) = store.quads_for_pattern(None, length, None)
    store.remove(stated)
    store.add(Quad(stated.subject, length, Literal(7), stated.graph_name))

    with pytest.raises(CommuniqueError, match=r"code points and not 7\. Mend its cmq:codePoints"):
        check(store, TEXT)


def status_of(results: list[Result], identifier: str) -> str:
    return next(r.status for r in results if (r.kind, r.identifier) == ("passage", identifier))


def statuses(results: list[Result]) -> set[str]:
    return {result.status for result in results}


def wrapped(text: str) -> str:
    """Return the text as a web page's print-out has it."""
    lines = re.sub(r"(.{30}\S*) ", "\\1\n  ", text)
    curly = re.sub(r'"([^"]*)"', "\u201c\\1\u201d", lines)
    curly = curly.replace("'", "\u2019").replace(" - ", " \u2014 ")
    return f"THE DAILY LEDGER   Subscribe\n\n{curly}\n(c) 2031\n"


def assert_exact(original: str, copy: str, store: Store, results: list[Result]) -> None:
    """Every place that is reported holds just the words that the dataset points at."""
    known: list[Passage | Span] = [*passages_of(store), *spans_of(store)]
    places = {each.iri: (each.start, each.end) for each in known}
    for result in results:
        start, end = places[result.iri]
        assert result.start is not None
        found = copy[result.start : result.end]
        assert (found, plain(found)) == (found.strip(), plain(original[start:end]))


def test_the_copy_itself_is_verified_throughout(store: Store) -> None:
    results = check(store, TEXT)

    assert counts(results) == {
        ("passage", "verified"): len(SENTENCES),
        ("span", "verified"): len(WORDS),
    }


def test_a_copy_with_another_last_line_still_has_the_exact_slices(store: Store) -> None:
    results = check(store, TEXT + "Printed at home.\n")

    assert status_of(results, "S1") == status_of(results, "S13") == "verified"


def test_a_rewrapped_curly_and_headed_copy_is_relocated_with_exact_words(store: Store) -> None:
    copy = wrapped(TEXT)
    results = check(store, copy)

    assert statuses(results) == {"relocated"}
    assert_exact(TEXT, copy, store, results)


def test_a_copy_with_windows_line_ends_is_found(store: Store) -> None:
    copy = TEXT.replace("\n", "\r\n")
    results = check(store, copy)

    assert statuses(results) == {"verified", "relocated"}
    assert_exact(TEXT, copy, store, results)


def test_an_altered_sentence_is_altered_and_only_that(store: Store) -> None:
    results = check(store, TEXT.replace("forty vessels", "thirty vessels"))

    assert [r.identifier for r in results if r.status == "altered"] == ["S9", "S9"]


def test_a_removed_sentence_is_missing_and_only_that(store: Store) -> None:
    results = check(store, TEXT.replace(BODY[2] + " ", ""))

    assert [r.identifier for r in results if r.status == "missing"] == ["S5", "S5"]


@pytest.mark.parametrize("lost", range(len(SENTENCES)))
def test_whichever_sentence_is_removed_it_is_missing(store: Store, lost: int) -> None:
    results = check(store, TEXT.replace(SENTENCES[lost], ""))

    assert status_of(results, f"S{lost + 1}") == "missing"


@pytest.mark.parametrize("lost", range(2, len(SENTENCES)))
def test_whichever_sentence_is_altered_it_is_altered(store: Store, lost: int) -> None:
    words = SENTENCES[lost]
    results = check(store, TEXT.replace(words, words.replace(" ", " not ", 1)))

    assert {r.identifier for r in results if r.status == "altered"} == {f"S{lost + 1}"}


def test_a_sentence_that_moved_is_found_where_it_is(store: Store) -> None:
    copy = BODY[5] + "\n" + TEXT.replace(BODY[5], "")
    results = check(store, copy)

    assert statuses(results) <= {"verified", "relocated"}
    assert_exact(TEXT, copy, store, results)


def test_a_short_passage_is_placed_when_it_just_fills_its_gap(store: Store) -> None:
    results = check(store, "Header\n" + TEXT)

    assert status_of(results, "S2") == "relocated"


def test_a_short_passage_with_company_is_unverifiable(store: Store) -> None:
    results = check(store, TEXT.replace(DATELINE, DATELINE + " (agency) "))

    assert status_of(results, "S2") == "unverifiable"


def test_a_passage_quoted_twice_is_placed_in_the_order_of_the_text(store: Store) -> None:
    copy = f"Most read: {BODY[3]}\n\n{TEXT}\nRelated: {BODY[3]} {BODY[1]}\n"
    results = check(store, copy)
    place = next(r.start for r in results if (r.kind, r.identifier) == ("passage", "S6"))

    assert place == copy.index(BODY[3], copy.index(BODY[2]))


@pytest.mark.parametrize("sentence", [0, len(SENTENCES) - 1])
def test_of_two_places_in_order_the_one_by_its_neighbour_is_taken(
    store: Store, sentence: int
) -> None:
    words = SENTENCES[sentence]
    copy = f"Back | {words} | Home\n\n{TEXT}\nRelated: {words}\n"
    results = check(store, copy)
    place = next(r.start for r in results if r.identifier == f"S{sentence + 1}")

    assert place == copy.index(TEXT) + TEXT.index(words)


def test_a_few_words_at_the_edge_are_not_an_altered_sentence(store: Store) -> None:
    results = check(store, TEXT.replace(HEADLINE, "By our staff"))

    assert status_of(results, "S1") == "missing"


def test_two_spaces_in_the_original_do_not_move_the_spans() -> None:
    text = TEXT.replace("bank within ten", "bank  within\nten")
    sentences = [s.replace("bank within ten", "bank  within\nten") for s in SENTENCES]
    span = text.index("ten days")
    store = described(text, cut(text, sentences), [(span, span + 8)])
    copy = "Header\n" + text
    results = check(store, copy)

    assert_exact(text, copy, store, [r for r in results if r.kind == "span"])


def test_a_ligature_is_not_cut() -> None:
    assert Text("a\ufb01 b").place(1, 2) == Place(1, 2)


def test_another_text_leaves_everything_missing(store: Store) -> None:
    results = check(store, "A recipe for rye bread.\n" * 40)

    assert statuses(results) <= {"missing", "unverifiable"}
    assert counts(results)["passage", "missing"] == len(SENTENCES) - 1


def test_an_empty_text_leaves_everything_missing(store: Store) -> None:
    assert statuses(check(store, "")) == {"missing"}


def test_lost_and_won_spaces_inside_words_do_not_move_the_spans(store: Store) -> None:
    copy = TEXT.replace("trawlers", "traw lers").replace("forty vessels", "fortyvessels")
    results = check(store, copy)

    assert statuses(results) == {"verified", "relocated"}
    assert_exact(TEXT, copy, store, results)


def test_spans_are_not_guessed_where_the_spacing_is_beyond_repair(store: Store) -> None:
    results = check(store, TEXT.replace(BODY[2], " ".join(BODY[2])))

    assert [r.status for r in results if r.identifier == "S5"] == ["relocated", "unverifiable"]


def test_only_the_article_that_the_text_is_a_copy_of_is_checked() -> None:
    store = accord()
    store.extend(iter(accord("-2")))
    sources = {passage.iri: passage.source for passage in passages_of(store)}

    for text in (TEXT, TEXT + "Printed at home."):
        results = [result for result in check(store, text) if result.kind == "passage"]
        assert {sources[result.iri] for result in results} == {SOURCE}


def test_a_text_of_none_of_several_articles_is_an_error() -> None:
    store = accord()
    store.extend(iter(accord("-2")))

    with pytest.raises(CommuniqueError, match="no passage of any of 2 articles"):
        check(store, "A recipe for rye bread.")


def test_a_dataset_without_passages_is_an_error_not_a_pass() -> None:
    with pytest.raises(CommuniqueError, match="describes no passage"):
        check(Store(), TEXT)


def test_a_wrong_offset_is_noticed_in_the_very_copy(store: Store) -> None:
    swap(store, "S5", OA + "start", lambda old: Literal(int(old.value) + 1))

    assert status_of(check(store, TEXT), "S5") == "altered"


@pytest.mark.parametrize("name", ["sha256", "canonicalSha256"])
def test_a_wrong_digest_is_noticed_in_the_very_copy(store: Store, name: str) -> None:
    swap(store, "S5", CMQ + name, lambda old: Literal("0" * 64, datatype=old.datatype))

    assert status_of(check(store, TEXT), "S5") == "altered"


@pytest.mark.parametrize("identifier", ["S2", "S5"])
def test_a_wrong_length_is_noticed_in_the_very_copy(store: Store, identifier: str) -> None:
    swap(store, identifier, CMQ + "canonicalLength", lambda _: Literal(12))

    assert status_of(check(store, TEXT), identifier) == "altered"


def swap(store: Store, identifier: str, predicate: str, new: Callable[[Literal], Literal]) -> str:
    """Change one value of a passage and return the passage's IRI."""
    name = NamedNode(PREFIXES["dcterms"] + "identifier")
    passage = next(iter(store.quads_for_pattern(None, name, Literal(identifier)))).subject
    quad = next(iter(store.quads_for_pattern(passage, NamedNode(predicate), None)))
    assert isinstance(quad.object, Literal)
    store.remove(quad)
    store.add(Quad(quad.subject, quad.predicate, new(quad.object), quad.graph_name))
    assert isinstance(passage, NamedNode)
    return passage.value


# Well-formedness


def test_a_well_formed_description_has_no_problems(store: Store) -> None:
    assert problems(store) == []


def test_evidence_is_read_once_though_two_graphs_say_it(store: Store) -> None:
    store.extend([Quad(q.subject, q.predicate, q.object) for q in store])

    assert problems(store) == []


HEX = NamedNode(PREFIXES["xsd"] + "hexBinary")
FAULTS: list[tuple[str, str, Callable[[Literal], Literal], str]] = [
    ("S5", OA + "end", lambda _: Literal(3), "starts before it ends"),
    ("S13", OA + "end", lambda _: Literal(9999), "is outside 0 to"),
    ("S5", OA + "start", lambda old: Literal(int(old.value) - 9), "does not overlap"),
    ("S5", OA + "start", lambda old: Literal(int(old.value) + 1), "the name of this place is"),
    ("S5", PREFIXES["dcterms"] + "identifier", lambda _: Literal("S6"), "is called S6"),
    ("S5", CMQ + "sha256", lambda old: Literal(old.value.upper(), datatype=HEX), "lower-case"),
    ("S5", CMQ + "sha256", lambda old: Literal(old.value[:-1], datatype=HEX), "64 lower-case"),
    ("S5", CMQ + "canonicalLength", lambda _: Literal(0), "canonical length"),
]


@pytest.mark.parametrize(("identifier", "predicate", "new", "message"), FAULTS)
def test_a_fault_is_reported(
    store: Store,
    identifier: str,
    predicate: str,
    new: Callable[[Literal], Literal],
    message: str,
) -> None:
    swap(store, identifier, predicate, new)

    assert any(message in problem.message for problem in problems(store))


def add(store: Store, kind: str, predicate: str, value: str) -> None:
    """Give a digest to the first thing of this kind that has none."""
    a, cls = NamedNode(PREFIXES["rdf"] + "type"), NamedNode(CMQ + kind)
    things = [q.subject for q in store.quads_for_pattern(None, a, cls)]
    bare = (t for t in things if not list(store.quads_for_pattern(t, NamedNode(predicate), None)))
    digest_of = Literal(value, datatype=HEX)
    store.add(Quad(next(bare), NamedNode(predicate), digest_of, NamedNode(CMQ + "g")))


def test_a_digest_on_a_short_passage_is_reported(store: Store) -> None:
    add(store, "Passage", CMQ + "sha256", digest(DATELINE))

    assert "under 48 code points bears no digest" in problems(store)[0].message


def test_a_digest_on_a_span_is_reported(store: Store) -> None:
    add(store, "Span", CMQ + "sha256", digest("forty vessels"))

    assert "a span bears no digest" in problems(store)[0].message


@pytest.mark.parametrize("name", ["sha256", "canonicalSha256"])
def test_a_long_passage_without_digest_is_reported(store: Store, name: str) -> None:
    iri = swap(store, "S5", CMQ + name, lambda old: old)
    store.update(f"DELETE WHERE {{ GRAPH ?g {{ <{iri}> <{CMQ}{name}> ?x }} }}")

    assert [(p.iri, "has two digests" in p.message) for p in problems(store)] == [(iri, True)]


def test_a_span_outside_its_passage_is_reported(store: Store) -> None:
    span = spans_of(store)[0]
    old = f"<{span.iri}> <{OA}end>"
    store.update(f"DELETE {{ GRAPH ?g {{ {old} ?e }} }} INSERT {{ GRAPH ?g {{ {old} 4000 }} }} "
                 f"WHERE {{ GRAPH ?g {{ {old} ?e }} }}")  # fmt: skip

    assert any("is outside" in problem.message for problem in problems(store))


@pytest.mark.parametrize(
    ("subject", "predicate", "message"),
    [
        ("Span", CMQ + "within", "a span is within one passage"),
        ("Passage", OA + "hasState", "names the copy"),
        ("Passage", OA + "hasSource", "has the source that its copy"),
        ("Passage", PREFIXES["dcterms"] + "identifier", "has one identifier"),
        ("DigestState", CMQ + "sha256", "a copy has one digest"),
        ("DigestState", CMQ + "copyOf", "names the one document"),
        ("DigestState", CMQ + "codePoints", "states how many code points"),
    ],
)
def test_a_lost_triple_is_reported(
    store: Store, subject: str, predicate: str, message: str
) -> None:
    where = f"GRAPH ?g {{ ?s a <{CMQ}{subject}> ; <{predicate}> ?x }}"
    store.update(f"DELETE {{ GRAPH ?g {{ ?s <{predicate}> ?x }} }} WHERE {{ {where} }}")

    assert any(message in problem.message for problem in problems(store))


# The reader's file


def test_a_byte_order_mark_is_dropped_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "copy.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    copy = read_copy(path)

    assert (copy.text, copy.byte_order_mark) == (TEXT, True)


def test_line_ends_are_kept_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "copy.txt"
    path.write_bytes(b"one\r\ntwo\rthree\n")

    assert read_copy(path).text == "one\r\ntwo\rthree\n"


def test_a_copy_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    latin, large = tmp_path / "latin.txt", tmp_path / "large.txt"
    latin.write_bytes("caf\xe9".encode("latin-1"))
    with large.open("wb") as file:
        file.truncate(20_000_001)
    for path, message in (
        (tmp_path / "none.txt", "No such file"),
        (tmp_path, "Is a directory"),
        (latin, "not UTF-8 at byte 3"),
        (large, "larger than 20 MB"),
    ):
        with pytest.raises(CommuniqueError, match=message) as error:
            read_copy(path)
        assert str(error.value).startswith(f"{path}: ")


# Adding an article


def test_a_sentence_outside_the_text_is_refused() -> None:
    wrong = Sentence("S1", PREFIXES["cmqv"] + "body", 5, 9999)

    with pytest.raises(CommuniqueError, match="S1: 5 to 9999 is no sentence"):
        passages(TEXT, [wrong], source=SOURCE, copy=COPY)


def test_a_short_sentence_gets_no_digest() -> None:
    found = passages(TEXT, cut(TEXT, [DATELINE]), source=SOURCE, copy=COPY)
    about = [t for t in found if t.subject != NamedNode(COPY)]

    assert {t.predicate.value for t in about}.isdisjoint({CMQ + "sha256", CMQ + "canonicalSha256"})


def test_no_words_of_the_text_are_published() -> None:
    found: list[Triple] = passages(TEXT, cut(TEXT, SENTENCES), source=SOURCE, copy=COPY)
    literals = " ".join(t.object.value for t in found if isinstance(t.object, Literal))

    assert not [word for word in TEXT.split() if len(word) > 4 and word in literals]


def test_a_record_has_the_digest_of_what_is_said_in_it() -> None:
    (short,) = cut(TEXT, [DATELINE])
    found = passages(TEXT, [short], source=SOURCE, copy=COPY)
    records = [t.object for t in found if t.predicate.value == CMQ + "recordSha256"]
    of_copy, of_passage = [each.value for each in records if isinstance(each, Literal)]

    assert of_copy == digest(f"{len(TEXT)} {digest(TEXT)}")
    said = f"{short.identifier} {short.kind} {len(plain(DATELINE))} - -"
    assert of_passage == digest(said)


# canon-1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Na\u0308he \u2013 \u201cja\u201d", 'n\xe4he-"ja"'),
        ("\ufb01sh\u00a0and\r\n\tchips\u2026", "fishandchips..."),
        ("Stra\xdfe", "strasse"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("q\u0301\u0316 a\u0316\u0301", "q\u0316\u0301\u00e1\u0316"),
    ],
)
def test_canonical_form_of(text: str, form: str) -> None:
    assert (plain(text), canonical(text)[0]) == (form, form)


MARKS = st.characters(categories=["Mn", "Mc", "Lo", "Zs", "Pd", "Pi", "Pf", "Sk"])
RANDOM = st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), MARKS), max_size=40)


@given(RANDOM)
@settings(max_examples=400, deadline=None)
def test_the_canonical_form_by_pieces_is_the_one_by_definition(text: str) -> None:
    form, origins = canonical(text)

    assert form == plain(text)
    assert len(origins) == len(form)
    assert list(origins) == sorted(origins)


@given(RANDOM)
@settings(max_examples=200, deadline=None)
def test_every_canonical_code_point_comes_from_where_it_says(text: str) -> None:
    form, origins = canonical(text)
    starts = sorted({0, *origins})
    for start, stop in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = "".join(c for c, at in zip(form, origins, strict=True) if at == start)
        assert plain(text[start:stop]) == piece


def test_folding_keeps_the_spaces() -> None:
    assert folded("\u201ca\u201d \u2014 b")[0] == '"a" - b'


# Any copy that only its typography tells apart

SPACE = st.sampled_from([" ", "  ", "\n", "\r\n", "\n\n   ", "\t", "\u00a0", " \u2003"])
HEADER = st.sampled_from(["", "\nAdvertisement\n", "\n\n-- Page 3 of 7 --\n", "\n12:40 | Share\n"])


@given(st.lists(SPACE, min_size=1, max_size=9), st.tuples(*[HEADER] * 3), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_respaced_and_headed_copy_is_found_with_exact_words(
    spaces: list[str],
    headers: tuple[str, ...],
    curly: bool,  # noqa: FBT001 (hypothesis draws it)
) -> None:
    store = accord()
    top = f"{HEADLINE} {DATELINE}{' '.join(BODY[:4])}"
    paragraphs = [top, " ".join(BODY[4:8]), " ".join(BODY[8:])]
    respaced = ["".join(_respaced(paragraph, spaces)) for paragraph in paragraphs]
    copy = "".join(h + p for h, p in zip(headers, respaced, strict=True))
    copy = copy.replace('"', "\u201d") if curly else copy
    results = check(store, copy)

    assert statuses(results) <= {"verified", "relocated"}
    assert_exact(TEXT, copy, store, results)


def _respaced(paragraph: str, spaces: list[str]) -> list[str]:
    return [word + spaces[n % len(spaces)] for n, word in enumerate(paragraph.split(" "))]


# The article, where there is a copy of it

needs_article = pytest.mark.skipif(
    not ARTICLE.is_file(), reason="the article is not part of this repository, and no copy is near"
)


@pytest.fixture(name="project", scope="module")
def _project() -> Store:
    return dataset.load(resources.root(), infer=False)


def test_the_project_s_evidence_is_well_formed(project: Store) -> None:
    assert problems(project) == []


@needs_article
def test_all_evidence_of_the_article_is_verified(project: Store) -> None:
    results = check(project, read_copy(ARTICLE).text)

    assert statuses(results) == {"verified"}
    assert len(results) == len(passages_of(project)) + len(spans_of(project))


@needs_article
@pytest.mark.parametrize("change", [wrapped, lambda text: text.replace("\n", "\r\n")])
def test_all_evidence_is_found_in_another_copy(
    project: Store, change: Callable[[str], str]
) -> None:
    text = read_copy(ARTICLE).text
    copy = change(text)
    results = check(project, copy)

    assert statuses(results) <= {"verified", "relocated"}
    assert_exact(text, copy, project, results)


@needs_article
@pytest.mark.parametrize(
    ("change", "status"),
    [(lambda _: "", "missing"), (lambda words: words.replace(" ", " not ", 1), "altered")],
)
def test_a_sentence_of_the_article_that_is_not_itself_is_noticed(
    project: Store, change: Callable[[str], str], status: str
) -> None:
    text = read_copy(ARTICLE).text
    fifth = next(passage for passage in passages_of(project) if passage.identifier == "S5")
    words = text[fifth.start : fifth.end]
    results = check(project, text.replace(words, change(words)))

    assert {r.identifier for r in results if r.status == status} == {"S5"}
    assert statuses(results) == {"verified", "relocated", status}


@needs_article
def test_the_design_s_sample_passage_has_the_digests_it_states() -> None:
    words = read_copy(ARTICLE).text[581:818]

    assert hashlib.sha256(words.encode()).hexdigest().startswith("2d0c754faaf8")
    assert digest(plain(words)).startswith("bd238be7a634")
    assert len(plain(words)) == 203
