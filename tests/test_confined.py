"""Whatever a check takes or breaks, it takes and breaks in a process of its own."""

import os
import shutil
import socket
import sys
import time
from pathlib import Path

import pytest

from communique import confined
from communique.errors import CommuniqueError
from communique.findings import Report

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
_SHAPE = """PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX shape: <https://w3id.org/communique/shape/>

shape:Statement sh:sparql shape:Statement-query .

shape:Statement-query
    sh:select "SELECT $this WHERE { $this ?is ?it . %s }" ;
.
"""
_FOR_EVER = (
    "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r "
    "FILTER(STRLEN(CONCAT(STR(?a), STR(?d), STR(?g), STR(?j), STR(?m), STR(?p))) < 2)"
)
_DOUBLING = "BIND('xxxxxxxxxx' AS ?v1) " + "".join(
    f"BIND(CONCAT(?v{number}, ?v{number}) AS ?v{number + 1}) " for number in range(1, 34)
)


def _with_query(project: Path, body: str) -> Path:
    (project / "shapes" / "query.ttl").write_text(_SHAPE % body, "utf-8")
    return project


def validate_at(root: Path) -> Report:
    """Validate a project, as a child does."""
    from communique.validation import validate

    return validate(root)


def reaches(port: int) -> bool:
    """Tell whether a connection to a port of this machine can be made."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def leaves_network() -> bool:
    """Tell whether this process is alone in its network."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def _report(root: Path, *, seconds: float = 60, memory: int = 2**30) -> Report:
    report = confined.call(
        "communique.validation:validate", root, where=str(root), seconds=seconds, memory=memory
    )
    assert isinstance(report, Report)
    return report


def test_the_report_is_that_of_the_same_process(project: Path) -> None:
    (project / "data" / "extra.ttl").write_text("<urn:a> <urn:b> <c> .\n", "utf-8")

    assert _report(project) == validate_at(project)


def test_an_error_comes_through_as_it_is(project: Path) -> None:
    shutil.rmtree(project / "shapes")

    with pytest.raises(CommuniqueError, match=r"shapes: no such folder\. Give --root"):
        _report(project)


def test_a_bug_in_the_child_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="has no attribute 'nothing'"):
        confined.call("communique.validation:nothing", where="here")


def test_a_shape_that_takes_for_ever_is_ended(project: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(CommuniqueError, match=r"^.+: not done within 3 s\. A query"):
        _report(_with_query(project, _FOR_EVER), seconds=3)

    assert time.monotonic() - begin < 8


@on_linux
def test_a_shape_that_fills_the_memory_ends_its_own_process(project: Path) -> None:
    with pytest.raises(CommuniqueError, match=r": more than 512 MiB of memory is needed\. "):
        _report(_with_query(project, _DOUBLING), memory=2**29)


@on_linux
def test_the_child_reaches_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if not confined.call("test_confined:leaves_network", where="here"):
            pytest.skip("this system lets no process leave the network: the gate alone keeps it")
        assert reaches(port)
        assert not confined.call("test_confined:reaches", port, where="here")


@on_linux
def test_nothing_of_the_child_is_left(project: Path) -> None:
    before = _children()
    _report(project)
    with pytest.raises(CommuniqueError):
        _report(_with_query(project, _FOR_EVER), seconds=2)

    assert _children() == before


def _children() -> set[str]:
    """Return the processes that this one started and that still are."""
    own = Path(f"/proc/{os.getpid()}/task")
    return {number for task in own.iterdir() for number in (task / "children").read_text().split()}
