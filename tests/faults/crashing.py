"""The worker's program, killed with SIGKILL at a chosen point: `python -m tests.faults.crashing POINT run|once|life JOURNAL`.

    commit of a transaction that writes     before commit: INSERT attempt, UPDATE anchor      after commit: ...
    JSON-RPC call                           before eth_call (nobody has heard of it)          after eth_call (not answered)
    publishing a file or folder             before open|mkdir|rename|remove: <name>

POINT is the number of a point, counted from 1, or a pattern of its name, with `#2` for the second that fits; `never` fits none.
The points that were reached stand in the journal, one a line. All of it is wired from outside: SQLAlchemy's events,
a proxy in front of the node, Python's audit events; the worker is the one that operators run.

A `life` is a `run` on a chain that moves: each look at the newest block makes two more first, and the program is told to
stop (SIGTERM) when it has noted an epoch as published.

`python -m tests.faults.crashing serve` forks such programs as lines of JSON on standard input ask for: a process that has
imported everything already starts a hundred times faster.
"""

import json
import os
import re
import signal
import sys
import threading
import traceback
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NoReturn

import psycopg  # noqa: F401  # SQLAlchemy loads it when it is asked to connect; a fork should find it loaded
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from anchor_worker.__main__ import main as worker_main
from registry.settings import load_settings
from tests.faults.behaviours import block_named
from tests.faults.proxy import ANY, Behaviour, Exchange, run_proxy

NEVER: Final = "never"
LIFE: Final = "life"
EXIT_BROKEN: Final = 70
"""The rig failed, not the worker."""
BLOCKS_A_LOOK: Final = 2
"""An anchor is seen PENDING, MINED and FINAL, once each."""
PUBLISHED: Final = "after commit: UPDATE epoch"
_WRITES: Final = "writes of this transaction"
_COMMITTED: Final = "writes that were committed"
_STATEMENT: Final = re.compile(r"\s*(?:(INSERT) INTO|(UPDATE)|(DELETE) FROM)\s+\"?(\w+)", re.IGNORECASE)
_FILE_EVENTS: Final = {"os.mkdir": "mkdir", "os.rename": "rename", "os.remove": "remove", "open": "open"}


class Points:
    """Counts the points that the process reaches, and ends it at one of them."""

    def __init__(self, deadly: str, journal: Path) -> None:
        pattern, _, count = deadly.partition("#")
        self._pattern = re.compile(pattern)
        self._left = int(count or 1)
        self._number = int(pattern) if pattern.isdecimal() else None
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._reached = 0
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        """Note a point; if it is the deadly one, nothing happens after it."""
        with self._lock:
            self._reached += 1
            os.write(self._journal, f"{name}\n".encode())
            if self._number is None and self._pattern.search(name):
                self._left -= 1
            if self._reached == self._number or self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, exchange: Exchange) -> None:
        """Forward a request to the node, with a point on either side of it."""
        self.reach(f"before {exchange.call.method}")
        answer = exchange.forward()
        self.reach(f"after {exchange.call.method}")
        exchange.repeat(answer)


def watch_database(points: Points, *, stops: bool) -> None:
    """Make points of the commits of every engine of this process; `stops` ends the program after an epoch is published."""

    def begin(connection: Connection) -> None:
        connection.info[_WRITES] = []

    def execute(
        connection: Connection,
        _cursor: DBAPICursor,
        statement: str,
        _parameters: object,
        _context: ExecutionContext,
        _many: bool,
    ) -> None:
        found = _STATEMENT.match(statement)
        if found is not None:
            words = f"{(found[1] or found[2] or found[3]).upper()} {found[4]}"
            if words not in connection.info.setdefault(_WRITES, []):
                connection.info[_WRITES].append(words)

    def commit(connection: Connection) -> None:
        writes = connection.info.pop(_WRITES, [])
        if writes:
            connection.info[_COMMITTED] = ", ".join(writes)
            points.reach(f"before commit: {connection.info[_COMMITTED]}")

    def checkin(_connection: object, entry: ConnectionPoolEntry) -> None:
        # The first thing that happens after a commit: the connection goes back to its pool.
        committed = entry.info.pop(_COMMITTED, None)
        if committed is not None:
            points.reach(f"after commit: {committed}")
            if stops and f"after commit: {committed}" == PUBLISHED:
                os.kill(os.getpid(), signal.SIGTERM)

    event.listen(Engine, "begin", begin)
    event.listen(Engine, "before_cursor_execute", execute)
    event.listen(Engine, "commit", commit)
    event.listen(Pool, "checkin", checkin)


def watch_files(points: Points, folder: Path) -> None:
    """Make points of what changes below a folder."""

    def hook(name: str, arguments: tuple[Any, ...]) -> None:  # Any: each event has its own
        verb = _FILE_EVENTS.get(name)
        if verb is None or (verb == "open" and "w" not in str(arguments[1])):
            return
        path = Path(os.fsdecode(arguments[0])) if isinstance(arguments[0], str | bytes) else None
        if path is not None and path.is_relative_to(folder):
            points.reach(f"before {verb}: {_steady(path.name)}")

    sys.addaudithook(hook)


def run(deadly: str, command: str, journal: Path) -> int:
    """Run the worker's program up to the deadly point and return its exit code."""
    points, settings = Points(deadly, journal), load_settings()
    watch_database(points, stops=command == LIFE)
    watch_files(points, settings.published_dir)
    with ExitStack() as stack:
        proxies = [stack.enter_context(run_proxy(url)) for url in settings.rpc_urls]
        for proxy in proxies:
            if command == LIFE:
                stack.enter_context(
                    proxy.behaving("eth_getBlockByNumber", _after_new_blocks(points), where=block_named("latest"))
                )
            stack.enter_context(proxy.behaving(ANY, points.around))
        os.environ["CREDROOT_RPC_URLS"] = ",".join(proxy.url for proxy in proxies)
        return worker_main(["run" if command == LIFE else command])


def _after_new_blocks(points: Points) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        for _ in range(BLOCKS_A_LOOK):
            exchange.ask("evm_mine")
        points.around(exchange)

    return behave


def _steady(name: str) -> str:
    """Leave out of a name what is another one each time."""
    return re.sub(r"(?<=aside-)\d+\b", "N", re.sub(r"[0-9a-f]{16,}", "HEX", name))


def serve() -> None:
    """Fork a program for every order, say its process id at once, and how it ended when that is asked."""
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _become(order)
        print(answer, flush=True)


def _become(order: dict[str, str]) -> NoReturn:
    """Turn into the program that was ordered."""
    code = EXIT_BROKEN
    try:
        folder, deadly, command = Path(order.pop("folder")), order.pop("point"), order.pop("command")
        with (folder / "program.txt").open("wb") as output, Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        os.environ.update(order)
        code = run(deadly, command, folder / "points.txt")
    except BaseException:  # noqa: BLE001  # a fork must not go on with what its parent was doing
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(run(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
