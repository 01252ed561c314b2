"""One suite for every executor: order, laziness, errors, tools, endings; then what only processes can suffer."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from registry.adapters.process_pool import MAX_DEATHS, ProcessPool
from registry.adapters.ray_pool import RayPool
from registry.domain.errors import Conflict, Unavailable
from registry.ports import ChunkExecutor
from registry.service.row_work import InProcess
from tests.adapters.chunk_work import (
    MakeTools,
    Tools,
    always_end,
    break_three,
    double,
    end_once,
    is_running,
    measure,
    refuse_three,
    until,
    wait_for,
    where,
)
from tests.paths import REPO_ROOT

PROCESSES: Final = 2
AHEAD: Final = 8
"""More chunks than any executor may take before the first result is fetched."""
LISTENING: Final = "0A"
"""The state of a socket, as /proc/net/tcp writes it."""
Executor: TypeAlias = ChunkExecutor[Tools]


@contextmanager
def pool() -> Iterator[ProcessPool[Tools]]:
    opened = ProcessPool(MakeTools(), processes=PROCESSES, local=Tools("tools"))
    try:
        yield opened
    finally:
        opened.close()


class OneRay:
    """Ray, started by the first test that needs it and again after one that closed it: it takes seconds."""

    def __init__(self) -> None:
        self._pool: RayPool[Tools] | None = None

    def opened(self) -> RayPool[Tools]:
        if self._pool is None:
            self._pool = RayPool(MakeTools(), processes=PROCESSES, local=Tools("tools"))
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None


@pytest.fixture(scope="module")
def one_ray() -> Iterator[OneRay]:
    ray = OneRay()
    yield ray
    ray.close()


@pytest.fixture(params=["in_process", "processes", pytest.param("ray", marks=pytest.mark.ray)])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "in_process":
        yield InProcess(Tools("tools"))
        return
    if request.param == "ray":
        yield request.getfixturevalue("one_ray").opened()
        return
    with pool() as opened:
        yield opened


@pytest.fixture(params=["processes", pytest.param("ray", marks=pytest.mark.ray)])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Give an executor that works in other processes."""
    if request.param == "ray":
        yield request.getfixturevalue("one_ray").opened()
        return
    with pool() as opened:
        yield opened


def test_results_come_in_the_order_of_the_chunks(executor: Executor) -> None:
    assert list(executor.map(double, range(50))) == [("tools", 2 * number) for number in range(50)]


def test_an_executor_is_used_again_and_by_several_threads(executor: Executor) -> None:
    found: list[list[tuple[str, int]]] = []
    threads = [threading.Thread(target=lambda: found.append(list(executor.map(double, range(9))))) for _ in range(3)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [[("tools", 2 * number) for number in range(9)]] * 3


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_chunks_are_done_too(executor: Executor, count: int) -> None:
    assert [number for number, _, _ in executor.map(where, range(count))] == list(range(count))


def test_chunks_are_taken_a_bounded_number_ahead(executor: Executor) -> None:
    taken: list[int] = []

    def chunks() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with closing(executor.map(double, chunks())) as results:
        next(results)
        first = len(taken)
        next(results)

    assert first <= AHEAD
    assert len(taken) <= AHEAD + 1


def test_an_error_arrives_in_its_place_with_its_class_and_code(executor: Executor) -> None:
    results = executor.map(refuse_three, range(6))
    before = [next(results) for _ in range(3)]

    with pytest.raises(Conflict) as refused:
        next(results)

    assert before == [0, 1, 2]
    assert refused.value.code == "three"
    assert list(executor.map(refuse_three, [4, 5, 6])) == [4, 5, 6]


def test_an_error_in_taking_chunks_is_raised_where_they_are_taken(executor: Executor) -> None:
    def chunks() -> Iterator[int]:
        yield from range(5)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        list(executor.map(double, chunks()))


def test_chunks_and_results_may_be_large(executor: Executor) -> None:
    chunks = [bytes([number]) + bytes(5_000_000) for number in range(4)]

    assert [result[-1] for result in executor.map(measure, chunks)] == [0, 1, 2, 3]


def test_tools_are_made_where_they_are_used_and_once(executor: Executor) -> None:
    done = list(executor.map(where, range(40)))

    assert all(process == made_in for _, process, made_in in done)


def test_several_processes_work_at_once(elsewhere: Executor, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with closing(elsewhere.map(wait_for, [(number, gate) for number in range(PROCESSES)])) as results:
        done: list[int] = []
        thread = threading.Thread(target=lambda: done.extend(results))
        thread.start()
        # Each waits for the gate, so all have begun only if none waits for another.
        until(lambda: all((tmp_path / f"begun-{number}").exists() for number in range(PROCESSES)))
        gate.touch()
        thread.join()

    assert done == [0, 1]


def test_a_pool_starts_no_process_for_a_single_chunk() -> None:
    with pool() as opened:
        ((_, process, _),) = opened.map(where, [0])

        assert process == os.getpid()
        assert opened.processes() == ()


def test_a_process_that_is_killed_loses_nothing_and_doubles_nothing(elsewhere: Executor, tmp_path: Path) -> None:
    done = list(elsewhere.map(end_once, [(number, tmp_path / "mark") for number in range(12)]))
    again = list(elsewhere.map(double, range(4)))

    assert done == list(range(12))
    assert (tmp_path / "mark").exists()
    assert len(again) == 4


def test_idle_processes_that_are_killed_are_replaced() -> None:
    with pool() as opened:
        list(opened.map(double, range(6)))
        killed = opened.processes()
        for process in killed:
            os.kill(process, signal.SIGKILL)

        done = list(opened.map(where, range(6)))

    assert [number for number, _, _ in done] == list(range(6))
    assert not {process for _, process, _ in done} & set(killed)


def test_a_chunk_that_ends_every_process_is_given_up(elsewhere: Executor) -> None:
    with pytest.raises(Unavailable) as given_up:
        list(elsewhere.map(always_end, range(4)))

    assert list(elsewhere.map(double, [1, 2])) == [("tools", 2), ("tools", 4)]
    assert given_up.value.code == "worker-process-ended"
    assert str(MAX_DEATHS) in given_up.value.message


def test_closing_a_pool_ends_its_processes_in_the_middle_of_a_chunk(tmp_path: Path) -> None:
    with pool() as opened:
        ended = closed_in_the_middle(opened, tmp_path / "gate")

        with pytest.raises(Unavailable) as refused:
            list(opened.map(double, range(3)))

    assert ended == "executor-closed"
    assert refused.value.code == "executor-closed"


@pytest.mark.ray
def test_closing_ray_ends_its_processes_in_the_middle_of_a_chunk(one_ray: OneRay, tmp_path: Path) -> None:
    opened = one_ray.opened()

    ended = closed_in_the_middle(opened, tmp_path / "gate")

    with pytest.raises(Unavailable) as refused:
        list(opened.map(double, range(3)))
    one_ray.close()
    assert ended == "executor-closed"
    assert refused.value.code == "executor-closed"


@pytest.mark.ray
def test_ray_keeps_to_this_machine_and_to_itself(one_ray: OneRay) -> None:
    opened = one_ray.opened()
    workers = {process for _, process, _ in opened.map(where, range(8))}
    import ray

    addresses = [node["NodeManagerAddress"] for node in ray.nodes()]
    environments = [Path(f"/proc/{process}/environ").read_bytes().split(b"\0") for process in workers]
    listening = [address for process in workers for address in listening_addresses(process)]

    assert addresses == ["127.0.0.1"]
    assert all(b"RAY_AUTH_MODE=token" in variables for variables in environments)
    assert all(b"RAY_USAGE_STATS_ENABLED=0" in variables for variables in environments)
    assert listening
    assert set(listening) <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}


def listening_addresses(process_id: int) -> list[str]:
    """Return the addresses on which a process waits for connections."""
    sockets = {str(link.readlink()) for link in Path(f"/proc/{process_id}/fd").iterdir() if link.is_symlink()}
    found: list[str] = []
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            local, state, inode = (line.split()[at] for at in (1, 3, 9))
            if state == LISTENING and f"socket:[{inode}]" in sockets:
                words = bytes.fromhex(local.split(":")[0])
                # The kernel writes words of four bytes in the order of this machine.
                address = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
                found.append(socket.inet_ntop(family, address))
    return found


def closed_in_the_middle(opened: Executor, gate: Path) -> str | None:
    """Close an executor while all its processes wait for a gate; return what became of the work."""
    ended: list[str] = []

    def work() -> None:
        try:
            list(opened.map(wait_for, [(number, gate) for number in range(6)]))
        except Unavailable as error:
            ended.append(error.code)

    thread = threading.Thread(target=work)
    thread.start()
    begun = [gate.with_name(f"begun-{number}") for number in range(PROCESSES)]
    until(lambda: all(mark.exists() and mark.read_text() for mark in begun))
    processes = [int(mark.read_text()) for mark in begun]
    opened.close()
    thread.join()
    until(lambda: not any(is_running(process) for process in processes))
    return ended[0] if ended else None


def test_an_error_of_another_kind_tells_its_name_and_place_and_nobody_s_data(elsewhere: Executor) -> None:
    with pytest.raises(RuntimeError) as broken:
        list(elsewhere.map(break_three, range(4)))

    assert "ValueError" in str(broken.value)
    assert "break_three" in str(broken.value)
    assert "amal" not in str(broken.value)


def test_tools_that_cannot_be_made_are_told_and_leave_no_process() -> None:
    opened = ProcessPool(MakeTools(fails=True), processes=PROCESSES, local=Tools("tools"))
    try:
        with pytest.raises(Unavailable) as refused:
            list(opened.map(double, range(3)))
        # Chunks that were begun beside the one that failed try too.
        until(lambda: opened.processes() == ())
    finally:
        opened.close()

    assert refused.value.code == "key-locked"


def test_nothing_that_is_sent_stands_in_the_arguments_of_a_process() -> None:
    opened = ProcessPool(MakeTools("the password"), processes=PROCESSES, local=Tools("x"))
    try:
        words = {word for word, _ in opened.map(double, range(8))}
        arguments = [Path(f"/proc/{process}/cmdline").read_bytes() for process in opened.processes()]
    finally:
        opened.close()

    assert words == {"the password"}
    assert len(arguments) == PROCESSES
    assert not any(b"password" in line for line in arguments)


OWNER: Final = """
import sys
from pathlib import Path
from registry.adapters.process_pool import ProcessPool
from tests.adapters.chunk_work import MakeTools, Tools, double, wait_for
opened = ProcessPool(MakeTools(), processes=2, local=Tools("tools"))
list(opened.map(double, range(8)))
print(*opened.processes(), flush=True)
if sys.argv[1:]:
    list(opened.map(wait_for, [(number, Path(sys.argv[1])) for number in range(2)]))
sys.stdin.read()
"""


@pytest.mark.parametrize("busy", [False, True])
def test_processes_end_when_their_owner_is_killed(tmp_path: Path, busy: bool) -> None:
    gate = tmp_path / "gate"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, *([str(gate)] if busy else [])],
        cwd=REPO_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner.stdin, owner.stdout:
        try:
            processes = [int(word) for word in owner.stdout.readline().split()]
            if busy:
                until(lambda: (tmp_path / "begun-0").exists() and (tmp_path / "begun-1").exists())
            owner.kill()
            owner.wait()

            until(lambda: not any(is_running(process) for process in processes))
        finally:
            owner.kill()
            owner.wait()

    assert len(processes) == PROCESSES
