"""Whatever a check takes or breaks, it takes and breaks in a process of its own."""

import ast
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from communique import confined, inside
from communique.errors import CommuniqueError
from communique.findings import Report

_NOTE = "Note: this system cannot keep shapes from the network"
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
_SLOW = """
import time
time.sleep(1)

def work():
    time.sleep(60)
"""
_KILLED = """
import os, signal, sys, threading, time
sys.path.insert(0, {path!r})
from communique import confined
ahead = confined.start_ahead("slow")
print(ahead.process.pid, flush=True)
given = dict(target=ahead.call, args=["work"], kwargs=dict(where="here"), daemon=True)
threading.Thread(**given).start()
time.sleep({patience})
os.kill(os.getpid(), signal.SIGKILL)
"""
_STARTED_AHEAD = """
from communique import confined
ahead = confined.start_ahead("communique.scope")
print(ahead.process.pid)
"""


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


def process() -> int:
    """Return the number of this process."""
    return os.getpid()


def leaves_network() -> bool:
    """Tell whether this process is alone in its network."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def variables() -> list[str]:
    """Return what this process has in its environment."""
    return sorted(os.environ)


def user_namespace() -> str:
    """Return the name of the namespace of users in which this process is."""
    return str(Path("/proc/self/ns/user").readlink())


def reads_environment_of(process: int) -> bool:
    """Tell whether the environment of another process can be read."""
    try:
        return bool(Path(f"/proc/{process}/environ").read_bytes())
    except OSError:
        return False


class Calling:
    """What calls a program when it is unpickled."""

    def __init__(self, program: str) -> None:
        """Take the line for the shell."""
        self.program = program

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Name what is to be called."""
        return os.system, (self.program,)


def answers_with_call(program: str) -> tuple[Calling]:
    """Return what is no report."""
    return (Calling(program),)


def answers_with_path() -> Path:
    """Return something harmless, which is no report, either."""
    return Path()


def goes_on() -> str:
    """Take longer than one may be silent, and say that work goes on."""
    for _ in range(4):
        time.sleep(1)
        inside.alive()
    return "done"


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


def test_a_child_that_says_that_its_work_goes_on_is_not_ended() -> None:
    assert confined.call("test_confined:goes_on", where="here", seconds=3, tell=_ignore) == "done"


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
    found = set[str]()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended meanwhile
            found.update((task / "children").read_text().split())
    return found


def test_the_child_gets_no_more_of_the_environment_than_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in os.environ:
        monkeypatch.delenv(name)
    kept = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "NO_COLOR", "PATH", "TMPDIR")
    for name in (*kept, "COMMUNIQUE_PASSWORD", "GITHUB_TOKEN", "HTTPS_PROXY", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, "C")

    assert confined.call("test_confined:variables", where="here", tell=_ignore) == sorted(kept)


@on_linux
def test_the_child_cannot_read_the_environment_of_its_parent() -> None:
    own = os.getpid()
    child = confined.call("test_confined:user_namespace", where="here", tell=_ignore)
    if child == user_namespace():
        pytest.skip("this system grants no namespace of users")

    assert reads_environment_of(own)
    assert not confined.call("test_confined:reads_environment_of", own, where="here")


@on_linux
def test_a_child_that_was_started_ahead_and_is_not_needed_ends_with_its_parent() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _STARTED_AHEAD], capture_output=True, text=True, check=True
    )

    assert not Path(f"/proc/{int(ran.stdout)}").exists()
    assert not ran.stderr


def test_a_child_that_was_started_ahead_does_the_work() -> None:
    ahead = confined.start_ahead("test_confined")
    assert ahead

    assert confined.call("test_confined:process", where="here", tell=_ignore) == ahead.process.pid
    assert confined.call("test_confined:process", where="here", tell=_ignore) != ahead.process.pid


@on_linux
@pytest.mark.parametrize("when", ["before it knows", "while it works"])
def test_a_child_ends_with_its_parent(tmp_path: Path, when: str) -> None:
    (tmp_path / "slow.py").write_text(_SLOW, "utf-8")
    patience = {"before it knows": 0.1, "while it works": 1.5}[when]
    program = _KILLED.format(path=str(tmp_path), patience=patience)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)  # noqa: PLW1510  it kills itself
    child, late = Path(f"/proc/{int(ran.stdout)}"), time.monotonic() + 30
    while child.exists() and time.monotonic() < late:
        time.sleep(0.1)

    assert (ran.returncode, child.exists()) == (-9, False)


@on_linux
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("--help", 0, ""),
        ("--bogus", 2, "Usage: "),
        ("", 2, "Error: no process of its own: "),
    ],
)
def test_where_no_process_can_be_started_no_bug_is_told(words: str, code: int, said: str) -> None:
    command = f"ulimit -n 6; exec {shlex.quote(sys.executable)} -m communique validate {words}"
    ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr[: len(said)]) == (code, said)
    assert "Traceback" not in ran.stderr


@on_linux
def test_what_a_child_loads_ahead_starts_no_thread_with_which_no_network_can_be_left() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import communique.scope, os; print(os.listdir('/proc/self/task'))"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(ast.literal_eval(ran.stdout)) == 1


def _ignore(_: str) -> None:
    """Hear, and do nothing."""


def test_what_an_answer_would_call_is_refused_and_not_called(tmp_path: Path) -> None:
    trace = tmp_path / "called"
    with pytest.raises(CommuniqueError) as failure:
        confined.call("test_confined:answers_with_call", f'echo > "{trace}"', where="here")

    assert str(failure.value) == (
        f"here: its process answered with {os.name}.system, which no report holds. "
        "Take out what was changed last"
    )
    assert not trace.exists()


def test_an_answer_holds_no_class_but_those_of_a_report() -> None:
    with pytest.raises(CommuniqueError, match=r"^here: its process answered with pathlib\S*, "):
        confined.call("test_confined:answers_with_path", where="here")


def test_it_is_told_once_if_the_network_could_not_be_left_and_only_then() -> None:
    heard: list[str] = []
    left = confined.call("test_confined:leaves_network", where="here", tell=heard.append)

    assert [line.split(";")[0] for line in heard] == ([] if left else [_NOTE])


@on_linux
def test_where_no_namespace_is_granted_the_command_says_so_in_one_line(project: Path) -> None:
    command = [sys.executable, "-m", "communique", "validate", "--root", str(project)]
    done = subprocess.run(_without_namespaces(command), capture_output=True, text=True, check=False)
    if not done.stderr.startswith("ready\n"):
        pytest.skip("this system lets nobody forbid namespaces")
    _, *told = done.stderr.splitlines()

    assert done.returncode == 0
    assert [line.split(";")[0] for line in told] == [_NOTE]


def _without_namespaces(command: list[str]) -> list[str]:
    """Return a command that runs another one where no network of its own is to be had."""
    unshare = shutil.which("unshare")
    if not unshare:
        pytest.skip("no unshare here")
    limit = 'echo 0 > /proc/sys/user/max_net_namespaces && echo ready >&2 && exec "$@"'
    return [unshare, "--user", "--map-root-user", "sh", "-c", limit, "sh", *command]
