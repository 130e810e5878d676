"""Edits after which memory once told something else than a run without it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from communique.concluding import Run as Cold
from communique.intake import listed
from communique.remembering import report
from communique.validation import Choices
from test_articles import ID, add, article, small, swap, ttl, write

__all__ = ["small"]  # a fixture

Steps = Callable[[Path], Iterator[None]]
CASES: dict[str, Steps] = {}
ABOUT_TWO = 'curated:f2 a cmq:Finding ; rdfs:label "two"@en ; cmq:about a1:s001 , a3:s001a .\n'
ANOTHER = 'a2:u02 a cmq:Undertaking ; rdfs:label "another thing"@en .'
QUERY = """#+ summary: What?
#+ tags: [a]
SELECT ?x WHERE { ?x cmq:content <%s/a2/u02> } ORDER BY ?x
"""


def case(steps: Steps) -> Steps:
    """Note a case: it stops where a project is checked."""
    CASES[steps.__name__.replace("_", " ")] = steps
    return steps


def curate(root: Path, text: str) -> None:
    write(root / "data" / "curated.ttl", ttl(text))


def copied(root: Path, number: int, to: int) -> None:
    text = article(root, number).read_text("utf-8")
    text = text.replace(f"a{number}:", f"a{to}:").replace(f"/a{number}/", f"/a{to}/")
    write(article(root, to), text)


def renamed(root: Path) -> None:
    swap(article(root, 2), "a2:u02 a cmq:Undertaking", "a2:u03 a cmq:Undertaking")


def question(root: Path, text: str = QUERY % ID) -> None:
    write(root / "queries" / "q.rq", text)
    write(root / "tests" / "answers" / "q.csv", "x\n")


def apart(root: Path) -> None:
    """Have two articles describe things in the namespace of a finding about one of them."""
    curate(root, 'curated:f1 a cmq:Finding ; rdfs:label "one"@en ; cmq:about a2:s001 .')
    add(article(root, 3), 'a2:zz a cmq:Undertaking ; rdfs:label "zz"@en .')
    swap(article(root, 2), "voice actor:sylvania", "voice cmqv:assert")


def with_prefixes(prefixes: str) -> str:
    """Return a question that names a2:u02 by a prefix."""
    head = f"#+ summary: What?\n#+ tags: [a]\nPREFIX cmq: <{ID.removesuffix('id')}ns#>"
    return f"{head}\n{prefixes}\n\nSELECT ?x WHERE {{ ?x cmq:content a2:u02 }} ORDER BY ?x\n"


@case
def an_article_comes_that_has_what_a_hint_looks_for(root: Path) -> Iterator[None]:
    four = 'curated:f4 a cmq:Finding ; rdfs:label "four"@en ; cmq:about a1:s001 , a4:s01 .'
    curate(root, ABOUT_TWO + four)
    yield
    copied(root, 2, to=4)
    yield


@case
def an_article_describes_something_in_the_namespace_of_another(root: Path) -> Iterator[None]:
    four = 'curated:f4 a cmq:Finding ; rdfs:label "four"@en ; cmq:about a3:s001 , a1:s0019 .'
    curate(root, ABOUT_TWO + four)
    yield
    add(article(root, 2), 'a1:s00199 a cmq:Undertaking ; rdfs:label "b"@en .')
    yield


@case
def another_article_labels_what_is_told_of(root: Path) -> Iterator[None]:
    curate(root, ABOUT_TWO + "a1:s001 cmq:counterpartOf a2:s001 ; cmq:likes actor:sylvania .")
    yield
    add(article(root, 3), 'a1:s001 rdfs:label "Zoo: b"@en .')
    yield


@case
def a_ninth_article_describes_things_in_a_namespace(root: Path) -> Iterator[None]:
    for number in range(4, 12):
        span = f"<{ID}/span/s{number}>"
        write(article(root, number), ttl(f'{span} a cmq:Undertaking ; rdfs:label "t{number}"@en .'))
    four = f'rdfs:label "four"@en ; cmq:about a1:s001 , <{ID}/span/s44> .'
    curate(root, f"{ABOUT_TWO}curated:f4 a cmq:Finding ; {four}")
    yield
    write(article(root, 12), ttl(f'<{ID}/span/s12> a cmq:Undertaking ; rdfs:label "t"@en .'))
    yield


@case
def a_shape_lists_a_thing_that_gets_another_name(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    listing = 'sh:path cmq:voice ; sh:in ( a2:u02 actor:sylvania ) ; sh:message "No."@en'
    shape = f"shape:N a sh:NodeShape ; sh:targetClass cmq:Undertaking ; sh:property [ {listing} ] ."
    write(root / "shapes" / "more.ttl", ttl(shape))
    yield
    renamed(root)
    yield


@case
def a_query_of_a_shape_names_a_thing_that_gets_another_name(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    query = f"SELECT $this WHERE {{ $this cmq:voice ?v . FILTER(?v = <{ID}/a2/u02>) }}"
    asked = f'sh:prefixes <urn:p> ; sh:message "No."@en ; sh:select "{query}"'
    shape = f"shape:Q a sh:NodeShape ; sh:targetClass cmq:Statement ; sh:sparql [ {asked} ] ."
    declared = f'"{ID.removesuffix("id")}ns#"^^<http://www.w3.org/2001/XMLSchema#anyURI>'
    prefix = f'<urn:p> sh:declare [ sh:prefix "cmq" ; sh:namespace {declared} ] .'
    write(root / "shapes" / "more.ttl", ttl(f"{shape}\n{prefix}"))
    yield
    renamed(root)
    yield


@case
def an_alignment_names_a_thing_that_gets_another_name(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    write(root / "ontology" / "alignments.ttl", ttl("cmq:content rdfs:seeAlso a2:u02 ."))
    yield
    renamed(root)
    yield


@case
def a_thing_that_stands_as_a_predicate_gets_another_name(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    add(root / "data" / "curated.ttl", 'curated:f3 a2:u02 "x" .')
    yield
    renamed(root)
    yield


@case
def a_question_names_a_thing_that_gets_another_name(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    question(root)
    yield
    renamed(root)
    yield


@case
def a_question_names_a_thing_that_comes(root: Path) -> Iterator[None]:
    question(root)
    yield
    add(article(root, 2), ANOTHER)
    yield


@case
def a_namespace_has_one_article_again(root: Path) -> Iterator[None]:
    curate(root, 'curated:f5 a cmq:Finding ; rdfs:label "five"@en ; cmq:about a2:s001 .')
    alone = article(root, 3).read_text("utf-8")
    add(article(root, 3), 'a2:zz a cmq:Undertaking ; rdfs:label "zz"@en .')
    yield
    write(article(root, 3), f'{alone}\na3:zz a cmq:Undertaking ; rdfs:label "zz"@en .')
    yield
    swap(article(root, 2), "voice actor:sylvania", "voice cmqv:assert")
    yield
    write(article(root, 1), "a1:s001 a")
    yield


@case
def a_group_has_a_namespace_of_two(root: Path) -> Iterator[None]:
    curate(root, 'curated:f1 a cmq:Finding ; rdfs:label "one"@en ; cmq:about a2:s001 .')
    add(article(root, 3), 'a2:s001 rdfs:label "zoo"@en .')
    swap(article(root, 2), "voice actor:sylvania", "voice cmqv:assert")
    write(article(root, 1), "a1:s001 a")
    yield
    add(root / "data" / "actors.ttl", 'actor:moravia a cmq:State ; rdfs:label "Moravia"@en .')
    yield


@case
def a_group_is_none_where_shared_files_have_errors(root: Path) -> Iterator[None]:
    add(article(root, 3), "a3:s001a cmq:relays a2:s001 ; cmq:likes a3:u01 .")
    second = article(root, 2)
    write(second, second.read_text("utf-8").replace("actor:", "actr:"))
    yield
    add(root / "data" / "actors.ttl", "actor:sylvania cmq:likes actor:freedonia .")
    yield


@case
def of_three_that_are_alike_one_is_edited(root: Path) -> Iterator[None]:
    one, two, three = (article(root, number) for number in (1, 2, 3))
    one.write_bytes(three.read_bytes())
    yield
    two.write_bytes(three.read_bytes())
    yield
    add(two, 'a3:s001 rdfs:comment "x"@en .')
    yield


@case
def a_shared_file_is_the_copy_of_an_article(root: Path) -> Iterator[None]:
    write(article(root, 4), ttl('[] rdfs:label "x"@en .'))
    yield
    shutil.copy(article(root, 4), root / "data" / "extra.ttl")
    yield


@case
def a_question_comes_before_what_it_names_goes(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    yield
    question(root)
    yield
    renamed(root)
    yield


@case
def a_predicate_comes_before_what_it_is_goes(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    yield
    add(root / "data" / "curated.ttl", 'curated:f3 a2:u02 "x" .')
    yield
    renamed(root)
    yield


@case
def a_question_has_another_namespace_for_a_prefix(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    question(root, with_prefixes("PREFIX a2: <http://example.org/>"))
    yield
    renamed(root)
    yield


@case
def a_question_declares_a_prefix_twice(root: Path) -> Iterator[None]:
    add(article(root, 2), ANOTHER)
    twice = f"PREFIX a2: <{ID}/a2/>\nPREFIX a2: <http://example.org/>"
    question(root, with_prefixes(twice))
    yield
    renamed(root)
    yield


@case
def a_reason_to_be_apart_is_taken_in(root: Path) -> Iterator[None]:
    apart(root)
    write(article(root, 4), "a1:s001 a")
    yield
    add(article(root, 1), 'actor:sylvania rdfs:comment "c"@en . a2:zz a cmq:Undertaking .')
    yield


@case
def a_reason_to_be_apart_gets_a_file_of_its_graph(root: Path) -> Iterator[None]:
    apart(root)
    yield
    write(article(root, 3).with_suffix(".nt"), "a1:s001 a")
    yield


@case
def a_group_is_found_where_a_namespace_is_apart(root: Path) -> Iterator[None]:
    one = 'curated:f1 a cmq:Finding ; rdfs:label "one"@en ; cmq:about a1:s001 .'
    curate(root, f"{one} a2:u01 cmq:counterpartOf a3:u01 .")
    add(article(root, 3), 'a1:zz a cmq:Undertaking ; rdfs:label "zz"@en .')
    swap(article(root, 3), "voice actor:sylvania", "voice cmqv:assert")
    swap(article(root, 1), "content a1:u01", "content a1:u99")
    yield
    add(article(root, 2), "a2:y a cmq:Statement ; cmq:content a2:u77 .")
    yield


@pytest.mark.parametrize("name", sorted(CASES))
def test_memory_tells_what_a_run_without_it_tells(name: str, small: Path, tmp_path: Path) -> None:
    told = list[object]()
    for _ in CASES[name](small):
        cold = Cold(small, Choices(), listed(small)).report()
        assert report(small, Choices(), tmp_path / "memory", None) == cold
        told.append(cold)

    assert told[0] != told[-1]
