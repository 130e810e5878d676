"""Articles one at a time: what can be checked of each by itself, and what is left for all together.

A project with many articles is checked article by article, each beside what all share: ontology,
shapes, registry. Rules that look into other articles (see reach) are asked once, of an extract of
all of them. What is found is the same as if everything had been checked at once, but for one
thing: a faulty article leaves out later layers for itself and for what is shared, not for others.
"""

import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import blake2b, sha256
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple
from pyoxigraph import parse as parse_rdf
from pyoxigraph import serialize

from communique import dangling, policy
from communique.dataset import ASIDE, Term, graph_iri
from communique.engines import Result, Shapes, sh
from communique.evidence import LOST, check, read_copy
from communique.faults import Fault, Node, fault
from communique.findings import Finding, Report
from communique.graphs import Graphs, graphs
from communique.intake import Document, admitted
from communique.namespaces import PREFIXES, split
from communique.parting import Parts, parts
from communique.places import Places, Triples
from communique.reach import FOREIGN, OWN, PLAIN, TYPE, Edge, Profile, Sorts, shared
from communique.shapes import Things, unjudged
from communique.validation import CURATED, Gate, Judged, Progress, closure_of_needs, run
from communique.vocabularies import Vocabulary
from communique.wellformed import problems
from communique.wording import Wording
