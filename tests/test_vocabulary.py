"""The ontology and its concepts as a publication: the cheap checks of OOPS! and FOOPS!."""

import re
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import combinations
from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, VANN, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from communique.namespaces import PREFIXES

ROOT = Path(__file__).parents[1]
CMQ = Namespace(PREFIXES["cmq"])
CMQV = Namespace(PREFIXES["cmqv"])
SCHEMA = Namespace(PREFIXES["schema"])
TERMS = URIRef("https://w3id.org/communique/ns")
CONCEPTS = URIRef("https://w3id.org/communique/vocab")
ALIGNMENTS = URIRef("https://w3id.org/communique/alignments")

# Whatever is in the data can be talked about, judged or looked for.
OF_ANY_RANGE = {CMQ.about, CMQ.comparedWith}


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return Graph().parse(ROOT / "ontology" / "communique.ttl")


@pytest.fixture(scope="module")
def vocabulary() -> Graph:
    return Graph().parse(ROOT / "ontology" / "concepts.ttl")


def ours(graph: Graph, *kinds: URIRef) -> list[URIRef]:
    """List our own terms of some kinds, or of all kinds of term if none is given."""
    wanted = kinds or (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, RDFS.Datatype)
    found = {term for kind in wanted for term in graph.subjects(RDF.type, kind)}
    return sorted(t for t in found if isinstance(t, URIRef) and str(t).startswith(str(CMQ)))


def named(term: Node) -> str:
    """Return the local name of a term."""
    return re.split("[#/]", str(term))[-1]


def text(graph: Graph, term: Node, predicate: URIRef) -> str:
    """Return the one text that a term has for a predicate."""
    (found,) = graph.objects(term, predicate)
    return str(found)


def label(graph: Graph, term: Node) -> str:
    return text(graph, term, RDFS.label)


def definition(graph: Graph, term: Node) -> str:
    return text(graph, term, SKOS.definition)


def failing(terms: list[URIRef], passes: object) -> list[str]:
    """List by name the terms that do not pass."""
    assert terms
    assert callable(passes)
    return [named(term) for term in terms if not passes(term)]


# Annotations


@pytest.mark.parametrize("predicate", [RDFS.label, SKOS.definition], ids=["label", "definition"])
def test_each_term_has_exactly_one_in_english(ontology: Graph, predicate: URIRef) -> None:
    def languages(term: URIRef) -> list[str | None]:
        return [o.language for o in ontology.objects(term, predicate) if isinstance(o, Literal)]

    assert failing(ours(ontology), lambda term: languages(term) == ["en"]) == []


def test_each_term_is_defined_by_the_ontology(ontology: Graph) -> None:
    def sources(term: URIRef) -> list[Node]:
        return list(ontology.objects(term, RDFS.isDefinedBy))

    assert failing(ours(ontology), lambda term: sources(term) == [TERMS]) == []


def sentence(words: str) -> bool:
    """Tell whether a text is one sentence, or phrase, that opens with a capital and is closed."""
    return bool(re.fullmatch(r"[A-Z][^.;]*(?:; [^.;]*)?\.", words)) and "  " not in words


def test_each_definition_is_one_sentence(ontology: Graph) -> None:
    assert failing(ours(ontology), lambda term: sentence(definition(ontology, term))) == []


def test_each_note_and_example_ends_as_a_sentence(ontology: Graph, vocabulary: Graph) -> None:
    notes = [
        str(o)
        for predicate in (SKOS.scopeNote, SKOS.example, SKOS.editorialNote, SKOS.changeNote)
        for o in (ontology + vocabulary).objects(None, predicate)
    ]

    assert [note for note in notes if not re.fullmatch(r"[A-Z\"].*[.]", note)] == []


def test_no_definition_opens_with_an_article_or_with_the_word_class(ontology: Graph) -> None:
    opening = re.compile(r"(?:an?|the|this|class|property|used)\b", re.IGNORECASE)

    assert failing(ours(ontology), lambda t: not opening.match(definition(ontology, t))) == []


def test_an_object_property_is_defined_by_what_it_relates(ontology: Graph) -> None:
    terms = ours(ontology, OWL.ObjectProperty)

    assert failing(terms, lambda t: definition(ontology, t).startswith("Relates ")) == []


def test_a_class_below_another_is_defined_by_it(ontology: Graph) -> None:
    def genera(term: URIRef) -> list[str]:
        return [label(ontology, above) for above in above_in(ontology, term)]

    def passes(term: URIRef) -> bool:
        words = definition(ontology, term).lower()
        return any(re.match(rf"{genus}\b", words) for genus in genera(term))

    terms = [term for term in ours(ontology, OWL.Class) if list(above_in(ontology, term))]
    assert failing(terms, passes) == []


def above_in(graph: Graph, term: Node) -> Iterator[URIRef]:
    """Yield the classes of our own right above a class."""
    for above in graph.objects(term, RDFS.subClassOf):
        if isinstance(above, URIRef) and str(above).startswith(str(CMQ)):
            yield above


def test_no_definition_has_its_own_label_as_its_genus(ontology: Graph) -> None:
    def passes(term: URIRef) -> bool:
        name = re.escape(label(ontology, term).lower())
        words = definition(ontology, term).lower()
        ranges = {named(o).lower() for o in ontology.objects(term, RDFS.range)}
        if named(term).lower() in ranges:  # a role named for the one kind of thing that fills it
            return True
        return not re.match(rf"(?:relates .* to (?:an?|the) )?{name}\b", words)

    assert failing(ours(ontology), passes) == []


def test_no_definition_merely_repeats_its_label(ontology: Graph) -> None:
    def passes(term: URIRef) -> bool:
        name = set(label(ontology, term).lower().split())
        words = set(re.findall(r"[\w-]+", definition(ontology, term).lower()))
        return len(words - name) > 3

    assert failing(ours(ontology), passes) == []


def test_no_two_terms_share_a_definition(ontology: Graph, vocabulary: Graph) -> None:
    found = Counter((ontology + vocabulary).objects(None, SKOS.definition))

    assert [str(words) for words, times in found.items() if times > 1] == []


def test_no_two_terms_of_a_kind_share_a_label(ontology: Graph) -> None:
    for kinds in [(OWL.Class,), (OWL.ObjectProperty, OWL.DatatypeProperty), (RDFS.Datatype,)]:
        found = Counter(label(ontology, term).casefold() for term in ours(ontology, *kinds))

        assert [name for name, times in found.items() if times > 1] == []


def test_every_class_that_has_a_look_alike_has_an_example(ontology: Graph) -> None:
    siblings = {
        term
        for term in ours(ontology, OWL.Class)
        for above in above_in(ontology, term)
        if len(list(ontology.subjects(RDFS.subClassOf, above))) > 1
    }

    def passes(term: URIRef) -> bool:
        notes = [*ontology.objects(term, SKOS.example), *ontology.objects(term, SKOS.scopeNote)]
        return bool(notes)

    assert failing(sorted(siblings), passes) == []


def test_negative_examples_say_so_first(ontology: Graph, vocabulary: Graph) -> None:
    notes = [str(o) for o in (ontology + vocabulary).objects(None, SKOS.example)]
    negative = [note for note in notes if note.lower().startswith(("negative", "not ", "no "))]

    assert len(negative) >= 20
    assert [note for note in negative if not re.match(r"Negative example: [A-Z\"]", note)] == []


# Names


def test_names_have_the_style_of_their_kind(ontology: Graph) -> None:
    upper, lower = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)*"), re.compile(r"[a-z]+[a-zA-Z0-9]*")
    classes = ours(ontology, OWL.Class)
    properties = ours(ontology, OWL.ObjectProperty, OWL.DatatypeProperty)

    assert failing(classes, lambda t: upper.fullmatch(named(t))) == []
    assert failing(properties, lambda t: lower.fullmatch(named(t))) == []


def test_names_are_their_labels_run_together(ontology: Graph) -> None:
    def run_together(words: str) -> str:
        return re.sub(r"[^a-z0-9]", "", words.lower())

    terms = ours(ontology, OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    assert failing(terms, lambda t: run_together(label(ontology, t)) == named(t).lower()) == []


def test_datatypes_are_labelled_as_codes(ontology: Graph) -> None:
    terms = ours(ontology, RDFS.Datatype)

    assert failing(terms, lambda t: label(ontology, t).endswith(" code")) == []


def test_labels_are_in_lower_case_but_for_acronyms(ontology: Graph) -> None:
    def passes(term: URIRef) -> bool:
        return all(w.islower() or w.isupper() or "-" in w for w in label(ontology, term).split())

    assert failing(ours(ontology), passes) == []


def test_no_name_merges_terms_or_says_is_or_has(ontology: Graph) -> None:
    merged = re.compile(r"\b(?:and|or|is|has|misc|other|miscellaneous)\b")

    assert failing(ours(ontology), lambda t: not merged.search(label(ontology, t))) == []


def test_class_labels_are_singular(ontology: Graph) -> None:
    terms = ours(ontology, OWL.Class)

    assert failing(terms, lambda t: not label(ontology, t).endswith("s")) == []


# Structure


def test_each_property_has_a_domain(ontology: Graph) -> None:
    terms = ours(ontology, OWL.ObjectProperty, OWL.DatatypeProperty)

    assert failing(terms, lambda t: says(ontology, t, RDFS.domain, SCHEMA.domainIncludes)) == []


def test_each_property_has_a_range(ontology: Graph) -> None:
    terms = ours(ontology, OWL.ObjectProperty, OWL.DatatypeProperty)
    terms = [term for term in terms if term not in OF_ANY_RANGE]

    assert failing(terms, lambda t: says(ontology, t, RDFS.range, SCHEMA.rangeIncludes)) == []


def says(graph: Graph, term: URIRef, *predicates: URIRef) -> bool:
    """Tell whether exactly one of these predicates is used of a term."""
    return sum((term, predicate, None) in graph for predicate in predicates) == 1


def test_no_property_has_two_domains_or_two_ranges(ontology: Graph) -> None:
    for predicate in (RDFS.domain, RDFS.range):
        times = Counter(ontology.subjects(predicate))

        assert [named(term) for term, count in times.items() if count > 1] == []


def test_domains_and_ranges_are_declared(ontology: Graph) -> None:
    predicates = (RDFS.domain, RDFS.range, SCHEMA.domainIncludes, SCHEMA.rangeIncludes)
    used = {o for predicate in predicates for o in ontology.objects(None, predicate)}
    language = tuple(PREFIXES[name] for name in ("xsd", "rdf"))
    unknown = {o for o in used if (o, RDF.type, None) not in ontology}

    assert [named(o) for o in unknown if not str(o).startswith(language)] == []


def test_each_class_is_connected(ontology: Graph) -> None:
    def passes(term: URIRef) -> bool:
        return any(p != RDF.type for p in ontology.predicates(None, term)) or any(
            above_in(ontology, term)
        )

    assert failing(ours(ontology, OWL.Class), passes) == []


def test_no_class_or_property_is_below_itself(ontology: Graph) -> None:
    for predicate in (RDFS.subClassOf, RDFS.subPropertyOf):
        order: dict[Node, set[Node]] = {}
        for below, above in ontology.subject_objects(predicate):
            order.setdefault(below, set()).add(above)

        assert tuple(TopologicalSorter(order).static_order())


def test_classes_that_look_alike_are_disjoint(ontology: Graph) -> None:
    apart = {frozenset(pair) for pair in ontology.subject_objects(OWL.disjointWith)}
    tops = [term for term in ours(ontology, OWL.Class) if not list(above_in(ontology, term))]
    families = [tops] + [
        sorted(t for t in ours(ontology, OWL.Class) if above in above_in(ontology, t))
        for above in (CMQ.Actor, CMQ.Channel, CMQ.Matter)
    ]

    assert all(len(family) > 1 for family in families)
    pairs = [pair for family in families for pair in combinations(family, 2)]
    assert [tuple(map(named, pair)) for pair in pairs if frozenset(pair) not in apart] == []


def test_no_class_is_disjoint_from_one_above_it(ontology: Graph) -> None:
    above = {
        (term, higher)
        for term in ours(ontology, OWL.Class)
        for higher in ontology.transitive_objects(term, RDFS.subClassOf)
    }
    apart = set(ontology.subject_objects(OWL.disjointWith))

    assert above & (apart | {(b, a) for a, b in apart}) == set()


@pytest.mark.parametrize(
    "predicate",
    [OWL.inverseOf, OWL.equivalentClass, OWL.equivalentProperty, OWL.sameAs, OWL.imports],
    ids=named,
)
def test_no_term_is_used_of(ontology: Graph, vocabulary: Graph, predicate: URIRef) -> None:
    assert (None, predicate, None) not in ontology + vocabulary


def test_no_property_is_functional(ontology: Graph) -> None:
    kinds = (OWL.FunctionalProperty, OWL.InverseFunctionalProperty)

    assert [kind for kind in kinds if (None, RDF.type, kind) in ontology] == []


def test_every_subject_has_a_type(ontology: Graph, vocabulary: Graph) -> None:
    whole = ontology + vocabulary
    subjects = {s for s in whole.subjects() if isinstance(s, URIRef)}

    assert [named(s) for s in subjects if (s, RDF.type, None) not in whole] == []


def test_the_only_blank_nodes_are_lists(ontology: Graph, vocabulary: Graph) -> None:
    whole = ontology + vocabulary
    nameless = {s for s in whole.subjects() if not isinstance(s, URIRef)}

    assert [s for s in nameless if (s, RDF.first, None) not in whole] == []


def test_a_deprecated_term_says_what_replaces_it_or_why(ontology: Graph, vocabulary: Graph) -> None:
    whole = ontology + vocabulary
    gone = list(whole.subjects(OWL.deprecated))
    reasons = (DCTERMS.isReplacedBy, SKOS.changeNote)

    assert [t for t in gone if not any((t, reason, None) in whole for reason in reasons)] == []


# Headers


HEADERS = [("communique", TERMS), ("concepts", CONCEPTS), ("alignments", ALIGNMENTS)]
each_header = pytest.mark.parametrize(("name", "header"), HEADERS, ids=[n for n, _ in HEADERS])


def file(name: str) -> Graph:
    return Graph().parse(ROOT / "ontology" / f"{name}.ttl")


@each_header
@pytest.mark.parametrize(
    "predicate",
    [
        DCTERMS.abstract,
        DCTERMS.bibliographicCitation,
        DCTERMS.created,
        DCTERMS.creator,
        DCTERMS.description,
        DCTERMS.issued,
        DCTERMS.license,
        DCTERMS.modified,
        DCTERMS.publisher,
        DCTERMS.title,
        OWL.versionIRI,
        OWL.versionInfo,
        RDFS.label,
    ],
    ids=named,
)
def test_header_has_exactly_one(name: str, header: URIRef, predicate: URIRef) -> None:
    assert len(list(file(name).objects(header, predicate))) == 1


@each_header
def test_header_is_the_only_one(name: str, header: URIRef) -> None:
    assert list(file(name).subjects(RDF.type, OWL.Ontology)) == [header]


@each_header
def test_ontology_iri_is_a_permanent_https_address_and_no_file(name: str, header: URIRef) -> None:
    assert (header, RDF.type, OWL.Ontology) in file(name)
    assert re.fullmatch(r"https://w3id\.org/communique/[a-z]+", str(header))


@each_header
def test_version_iri_is_the_ontology_iri_and_the_version(name: str, header: URIRef) -> None:
    graph = file(name)
    version = text(graph, header, OWL.versionInfo)

    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert text(graph, header, OWL.versionIRI) == f"{header}/{version}"


@each_header
def test_no_term_has_a_version_in_its_iri(name: str, header: URIRef) -> None:
    base = "https://w3id.org/communique/"
    subjects = {str(s) for s in file(name).subjects() if str(s).startswith(base)}

    assert str(header) in subjects
    assert [s for s in subjects if re.search(r"[/#]v?\d+\.\d+", s)] == []


@each_header
def test_citation_names_title_version_and_address(name: str, header: URIRef) -> None:
    graph = file(name)
    citation = text(graph, header, DCTERMS.bibliographicCitation)
    parts = [text(graph, header, p) for p in (DCTERMS.title, OWL.versionInfo)]

    assert [part for part in [*parts, str(header)] if part not in citation] == []


@each_header
def test_those_who_made_it_are_described_and_cited(name: str, header: URIRef) -> None:
    people = Graph().parse(ROOT / "data" / "actors.ttl")
    (maker,) = file(name).objects(header, DCTERMS.creator)

    assert file(name).value(header, DCTERMS.publisher) == maker
    assert str(people.value(maker, RDFS.label)) in text(
        file(name), header, DCTERMS.bibliographicCitation
    )


@each_header
def test_licence_is_the_address_of_a_licence(name: str, header: URIRef) -> None:
    assert text(file(name), header, DCTERMS.license) == (
        "https://creativecommons.org/licenses/by/4.0/"
    )


@each_header
def test_dates_are_dates_in_order(name: str, header: URIRef) -> None:
    graph = file(name)
    created, issued, modified = (
        next(graph.objects(header, p)) for p in (DCTERMS.created, DCTERMS.issued, DCTERMS.modified)
    )

    assert {getattr(d, "datatype", None) for d in (created, issued, modified)} == {XSD.date}
    assert str(created) <= str(issued) <= str(modified)


def test_all_files_are_of_one_version() -> None:
    versions = {text(file(name), header, OWL.versionInfo) for name, header in HEADERS}

    assert len(versions) == 1


@pytest.mark.parametrize(("name", "header"), HEADERS[:2], ids=["terms", "concepts"])
def test_prefix_and_namespace_are_those_of_the_table(name: str, header: URIRef) -> None:
    graph = file(name)
    prefix = text(graph, header, VANN.preferredNamespacePrefix)

    assert text(graph, header, VANN.preferredNamespaceUri) == PREFIXES[prefix]


def test_other_vocabularies_are_reused(ontology: Graph) -> None:
    foreign = {str(s) for s in ontology.subjects(RDF.type) if not str(s).startswith(str(CMQ))}
    reused = {name for name, space in PREFIXES.items() if any(s.startswith(space) for s in foreign)}

    assert {"dcterms", "foaf", "oa", "org", "prov", "schema", "skos", "vann"} <= reused


# Concepts


def concepts(graph: Graph) -> list[URIRef]:
    return sorted(s for s in graph.subjects(RDF.type, SKOS.Concept) if isinstance(s, URIRef))


def schemes(graph: Graph) -> list[URIRef]:
    return sorted(s for s in graph.subjects(RDF.type, SKOS.ConceptScheme) if isinstance(s, URIRef))


@pytest.mark.parametrize("predicate", [SKOS.prefLabel, SKOS.definition], ids=named)
def test_each_concept_has_exactly_one_in_english(vocabulary: Graph, predicate: URIRef) -> None:
    def languages(term: URIRef) -> list[str | None]:
        return [o.language for o in vocabulary.objects(term, predicate) if isinstance(o, Literal)]

    assert failing(concepts(vocabulary), lambda term: languages(term) == ["en"]) == []


def test_each_concept_and_scheme_is_defined_in_one_sentence(vocabulary: Graph) -> None:
    terms = concepts(vocabulary) + schemes(vocabulary)

    assert failing(terms, lambda term: sentence(definition(vocabulary, term))) == []


def test_each_concept_and_scheme_is_defined_by_the_vocabulary(vocabulary: Graph) -> None:
    terms = concepts(vocabulary) + schemes(vocabulary)

    assert failing(terms, lambda t: (t, RDFS.isDefinedBy, CONCEPTS) in vocabulary) == []


def test_each_scheme_has_a_label_and_a_licence(vocabulary: Graph) -> None:
    terms = schemes(vocabulary)

    assert failing(terms, lambda t: (t, RDFS.label, None) in vocabulary) == []
    assert failing(terms, lambda t: (t, DCTERMS.license, None) in vocabulary) == []


def test_each_concept_is_in_one_declared_scheme(vocabulary: Graph) -> None:
    known = schemes(vocabulary)

    def found(term: URIRef) -> list[Node]:
        return list(vocabulary.objects(term, SKOS.inScheme))

    assert (
        failing(concepts(vocabulary), lambda t: len(found(t)) == 1 and found(t)[0] in known) == []
    )


def test_each_concept_is_at_the_top_of_its_scheme_or_below_one_in_it(vocabulary: Graph) -> None:
    def passes(term: URIRef) -> bool:
        scheme = next(vocabulary.objects(term, SKOS.inScheme))
        tops = list(vocabulary.objects(term, SKOS.topConceptOf))
        above = list(vocabulary.objects(term, SKOS.broader))
        same = all((one, SKOS.inScheme, scheme) in vocabulary for one in above)
        return same and (tops == [scheme]) != bool(above)

    assert failing(concepts(vocabulary), passes) == []


def test_each_concept_is_below_a_top_concept(vocabulary: Graph) -> None:
    def passes(term: URIRef) -> bool:
        chain = vocabulary.transitive_objects(term, SKOS.broader)
        return any((one, SKOS.topConceptOf, None) in vocabulary for one in chain)

    assert failing(concepts(vocabulary), passes) == []


def test_no_two_concepts_of_a_scheme_share_a_label(vocabulary: Graph) -> None:
    found = Counter(
        (scheme, str(words).casefold())
        for term, scheme in vocabulary.subject_objects(SKOS.inScheme)
        for words in vocabulary.objects(term, SKOS.prefLabel)
    )

    assert [key for key, times in found.items() if times > 1] == []


def test_concepts_have_kebab_case_names(vocabulary: Graph) -> None:
    terms = concepts(vocabulary) + schemes(vocabulary)
    style = re.compile(re.escape(str(CMQV)) + r"[a-z]+(?:-[a-z0-9]+)*")

    assert failing(terms, lambda term: style.fullmatch(str(term))) == []


def test_no_concept_is_defined_by_its_own_label(vocabulary: Graph) -> None:
    def passes(term: URIRef) -> bool:
        name = re.escape(text(vocabulary, term, SKOS.prefLabel).lower())
        return not re.match(rf"(?:to |an? |the )?{name}\b", definition(vocabulary, term).lower())

    assert failing(concepts(vocabulary), passes) == []


def test_forces_and_actions_are_defined_as_what_one_does(vocabulary: Graph) -> None:
    for scheme in (CMQV.forces, CMQV.actions):
        terms = [t for t in concepts(vocabulary) if (t, SKOS.inScheme, scheme) in vocabulary]

        assert failing(terms, lambda t: definition(vocabulary, t).startswith("To ")) == []


def test_every_scheme_is_named_by_a_property_that_uses_it(
    ontology: Graph, vocabulary: Graph
) -> None:
    users = {
        CMQV.actions: CMQ.action,
        CMQV.actualities: CMQ.actuality,
        CMQV.attributions: CMQ.attribution,
        CMQV.bases: CMQ.basis,
        CMQV.canonicalizations: CMQ.canonicalization,
        CMQV.certainties: CMQ.certainty,
        CMQV.completenesses: CMQ.completeness,
        CMQV.designations: CMQ.designation,
        CMQV["finding-kinds"]: CMQ.kind,
        CMQV.forces: CMQ.force,
        CMQV.issues: CMQ.issue,
        CMQV.objects: CMQ.object,
        CMQV["passage-types"]: DCTERMS.type,
        CMQV.renderings: CMQ.rendering,
    }

    assert set(schemes(vocabulary)) == set(users)
    assert failing(list(users.values()), lambda t: (t, RDF.type, None) in ontology) == []


# Codes of other projects: what a code must look like, as their codebooks print it.

PLOVER = (
    "ACCUSE AGREE AID ASSAULT COERCE CONCEDE CONSULT COOPERATE MOBILIZE PROTEST REJECT REQUEST "
    "RETREAT SANCTION SUPPORT THREATEN"
)
ACLED = (
    "Government regains territory|Non-state actor overtakes territory|Armed clash|"
    "Excessive force against protesters|Protest with intervention|Peaceful protest|"
    "Violent demonstration|Mob violence|Chemical weapon|Air/drone strike|Suicide bomb|"
    "Shelling/artillery/missile attack|Remote explosive/landmine/IED|Grenade|Sexual violence|"
    "Attack|Abduction/forced disappearance|Agreement|Arrests|Change to group/activity|"
    "Disrupted weapons use|Headquarters or base established|Looting/property destruction|"
    "Non-violent transfer of territory|Other"
)
CODES = {
    CMQ.ACLED: re.compile(ACLED),
    CMQ.CAMEO: re.compile(r"(?:0[1-9]|1[0-9]|20)[0-9]{0,2}"),
    CMQ.PAX: re.compile(r"[A-Z][A-Za-z]+"),
    CMQ.PLOVER: re.compile(PLOVER.replace(" ", "|")),
}
COUNTRY_CODES = {
    CMQ.ISO3166Alpha2: re.compile(r"[A-Z]{2}"),
    CMQ.ISO3166Alpha3: re.compile(r"[A-Z]{3}"),
    CMQ.ISO3166Numeric: re.compile(r"[0-9]{3}"),
    CMQ.ISO3166Subdivision: re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}"),
}


def codes(graph: Graph) -> list[tuple[str, Node | None, str]]:
    return [
        (named(s), o.datatype, str(o))
        for s, o in graph.subject_objects(SKOS.notation)
        if isinstance(o, Literal)
    ]


def misfits(graph: Graph, books: dict[URIRef, re.Pattern[str]]) -> list[tuple[str, str]]:
    """List the codes that are of none of these codebooks or do not have its form."""
    return [
        (name, code)
        for name, book, code in codes(graph)
        if not isinstance(book, URIRef) or book not in books or not books[book].fullmatch(code)
    ]


def test_each_code_of_a_concept_is_of_a_codebook_and_has_its_form(vocabulary: Graph) -> None:
    assert codes(vocabulary)
    assert misfits(vocabulary, CODES) == []


def test_each_code_of_an_actor_or_place_has_its_form() -> None:
    actors = Graph().parse(ROOT / "data" / "actors.ttl")

    assert codes(actors)
    assert misfits(actors, COUNTRY_CODES) == []


def test_each_code_stands_for_one_concept(vocabulary: Graph) -> None:
    found = Counter((book, code) for _, book, code in codes(vocabulary))

    assert [code for code, times in found.items() if times > 1] == []


def test_each_codebook_is_used(ontology: Graph, vocabulary: Graph) -> None:
    used = {book for _, book, _ in codes(vocabulary)}

    assert used == set(CODES)
    assert set(ours(ontology, RDFS.Datatype)) == {*CODES, *COUNTRY_CODES}
