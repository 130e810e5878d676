import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from communique.namespaces import BASE, PREFIXES, expand, namespace, prefixes_for, shrink

_WELL_KNOWN = {
    "dcat": rdflib.DCAT,
    "dcterms": rdflib.DCTERMS,
    "foaf": rdflib.FOAF,
    "org": rdflib.ORG,
    "owl": rdflib.OWL,
    "prov": rdflib.PROV,
    "rdf": rdflib.RDF,
    "rdfs": rdflib.RDFS,
    "schema": rdflib.SDO,
    "sh": rdflib.SH,
    "skos": rdflib.SKOS,
    "vann": rdflib.VANN,
    "void": rdflib.VOID,
    "xsd": rdflib.XSD,
}


@pytest.mark.parametrize("prefix", sorted(_WELL_KNOWN))
def test_a_well_known_prefix_has_its_registered_namespace(prefix: str) -> None:
    assert PREFIXES[prefix] == str(_WELL_KNOWN[prefix])


def test_no_two_prefixes_share_a_namespace() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)


def test_an_article_has_its_prefix_by_rule() -> None:
    assert namespace("a12") == f"{BASE}id/a12/"


@pytest.mark.parametrize("name", ["a0", "a", "b1", "a1x", ""])
def test_what_is_not_an_article_has_no_prefix_by_rule(name: str) -> None:
    assert namespace(name) is None


@pytest.mark.parametrize(
    ("curie", "iri"),
    [
        ("cmq:Statement", f"{BASE}ns#Statement"),
        ("actor:kremlin", f"{BASE}id/actor/kremlin"),
        ("a1:s009a", f"{BASE}id/a1/s009a"),
        ("passage:ba01b1d8-581-818", f"{BASE}id/passage/ba01b1d8-581-818"),
    ],
)
def test_a_name_and_its_iri_stand_for_each_other(curie: str, iri: str) -> None:
    assert (expand(curie), shrink(iri)) == (iri, curie)


@pytest.mark.parametrize("text", ["kremlin", "nobody:kremlin", "http://example.org/"])
def test_what_is_no_prefixed_name_does_not_expand(text: str) -> None:
    assert expand(text) is None


@pytest.mark.parametrize(
    "iri",
    [
        "https://example.org/x",
        f"{BASE}ns#",
        f"{BASE}ns#ends-with.",
        f"{BASE}graph/source/nested",
        f"{BASE}id/actor/a b",
        f"{BASE}id/a0/s1",
    ],
)
def test_an_iri_that_no_name_can_carry_stays_in_brackets(iri: str) -> None:
    assert shrink(iri) == f"<{iri}>"


@given(
    prefix=st.sampled_from([*sorted(PREFIXES), "a1", "a204"]),
    local=st.text(alphabet="abcXYZ019_-.", min_size=1),
)
def test_a_shrunk_iri_expands_to_itself(prefix: str, local: str) -> None:
    iri = f"{namespace(prefix)}{local}"
    short = shrink(iri)

    assert short == f"<{iri}>" or expand(short) == iri


def test_prefixes_come_in_alphabetical_order_and_unknown_ones_do_not() -> None:
    assert list(prefixes_for({"xsd", "a1", "nobody", "cmq"})) == ["a1", "cmq", "xsd"]
