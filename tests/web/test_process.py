"""`credroot serve` as a process: one ready line, every loopback address, https, signals, SIGKILL in the middle of an
upload, and nothing secret in anything it prints.
"""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trustme

from registry.adapters.database import open_engine
from registry.adapters.did_resolver import WebDidResolver
from registry.adapters.guarded_fetch import FetchSettings
from registry.adapters.migrations import upgrade
from registry.service.setup import initialise
from registry.settings import Settings
from registry.web.serving import listen
from registry.wiring.serving import build_container
from tests.adapters.chunk_work import is_running, until
from tests.anchor_worker.scraping import scrape
from tests.paths import REPO_ROOT
from tests.registry_world import BODY
from tests.store_samples import LOG

TIMEOUT_SECONDS: Final = 60.0
# Starting takes two; a machine that runs other test processes too may need many times that.
PASSWORD: Final = "correct horse battery staple"
CSV_HEADER: Final = "recipient_email,recipient_name,issued_on,grade\r\n"


@dataclass(slots=True)
class Site:
    """A registry's files and settings."""

    folder: Path
    public_url: str = "http://localhost"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "registry.db"

    def settings(self) -> dict[str, str]:
        given = {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "PUBLIC_URL": self.public_url,
            "HOST": "localhost",
            "PORT": "0",
            "PUBLISHED_DIR": str(self.folder / "published"),
            "KEY_PASSWORD_FILE": str(self.folder / "password"),
        }
        return {f"CREDROOT_{name}": value for name, value in {**given, **self.environment}.items()}

    def initialise(self) -> str:
        """Make the database and return the admin's key."""
        (self.folder / "password").write_text(PASSWORD + "\n")
        engine = open_engine(f"sqlite:///{self.database}")
        upgrade(engine)
        engine.dispose()
        container = build_container(
            Settings(database_url=f"sqlite:///{self.database}", key_password_file=self.folder / "password")
        )
        try:
            key = initialise(container.resources, LOG, label="first admin")
        finally:
            container.close()
        assert key is not None
        return key.secret


@dataclass(slots=True)
class Running:
    """A service that announced itself."""

    process: subprocess.Popen[str]
    ready: str
    urls: list[str]
    errors: list[str]

    @property
    def printed(self) -> str:
        return self.ready + "".join(self.errors)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@contextmanager
def running(site: Site) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", "registry.cli.main", "serve"],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("CREDROOT_")},
            **site.settings(),
        },
        cwd=REPO_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    errors: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    reader = threading.Thread(target=errors.extend, args=(process.stderr,))
    reader.start()
    # A service that hangs before it is ready is ended: reading its line then ends too.
    watchdog = threading.Timer(TIMEOUT_SECONDS, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
        watchdog.cancel()
        urls = [word for word in line.split() if word.startswith("http")][:-1]
        yield Running(process, line, urls, errors)
    finally:
        watchdog.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(TIMEOUT_SECONDS)
        reader.join(TIMEOUT_SECONDS)
        process.stdout.close()
        process.stderr.close()


def client(running: Running, key: str | None = None, *, number: int = 0) -> httpx.Client:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=running.urls[number], headers=headers, trust_env=False, timeout=TIMEOUT_SECONDS)


def stop(running: Running, number: signal.Signals) -> int:
    running.process.send_signal(number)
    return running.process.wait(TIMEOUT_SECONDS)


def has_ipv6_loopback() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def test_localhost_is_every_loopback_address_with_one_port(site: Site) -> None:
    site.initialise()

    with running(site) as service:
        answers = []
        for number in range(len(service.urls)):
            with client(service, number=number) as http:
                answers.append(http.get("/readyz").status_code)

    hosts = [httpx.URL(url).host for url in service.urls]
    assert hosts == (["127.0.0.1", "::1"] if has_ipv6_loopback() else ["127.0.0.1"])
    assert len({httpx.URL(url).port for url in service.urls}) == 1
    assert set(answers) == {200}
    assert service.ready.startswith("credroot listens on http://127.0.0.1:")


def test_an_address_of_its_own_is_the_only_one() -> None:
    (listener,) = listen("127.0.0.1", 0)

    with listener:
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_requests_in_hand(site: Site, number: signal.Signals) -> None:
    key = site.initialise()

    with running(site) as service, client(service, key) as http:
        assert http.get("/v1/issuers").json() == []
        code = stop(service, number)
        left = service.process.stdout.read() if service.process.stdout else None

    assert (code, left) == (0, "")
    assert service.printed.count("\n") == 1


def test_metrics_are_told_at_an_address_of_their_own_and_nowhere_else(site: Site) -> None:
    site.initialise()
    site.environment["SERVICE_METRICS_BIND"] = "127.0.0.1:0"
    with running(site) as service, client(service) as http:
        until(lambda: any("metrics_served" in line for line in service.errors))
        port = next(json.loads(line)["port"] for line in service.errors if "metrics_served" in line)
        public = http.get("/metrics").status_code
        told = scrape(port)
        code = stop(service, signal.SIGTERM)

    asked = (("method", "GET"), ("route", "unmatched"), ("status", "4xx"))
    assert (public, told["credroot_http_requests_total"][asked]) == (404, 1)
    assert told["credroot_credentials_issued_total"][()] == 0
    assert code == 0


def test_a_port_that_is_taken_is_said_so(site: Site) -> None:
    site.initialise()
    with socket.create_server(("127.0.0.1", 0)) as other:
        site.environment["PORT"] = str(other.getsockname()[1])
        with running(site) as service:
            code = service.process.wait(TIMEOUT_SECONDS)

    assert code == 1
    assert service.printed.startswith("cannot-listen: localhost port ")


@pytest.mark.parametrize(
    ("environment", "code", "says"),
    [
        ({"DATABASE_URL": "sqlite:////nowhere/registry.db"}, 3, "database-unavailable"),
        ({"KEY_PASSWORD_FILE": "/nowhere/password"}, 1, "secret-unreadable"),
        ({"PROMISE_KEY_FILE": "/nowhere/promise.key"}, 1, "key-file-unreadable"),
        ({"PORT": "many"}, 1, "malformed-settings"),
        ({"TLS_CERTIFICATE_FILE": "/nowhere/c.pem", "TLS_KEY_FILE": "/nowhere/k.pem"}, 1, "certificate-unusable"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(site: Site, environment: dict[str, str], code: int, says: str) -> None:
    site.initialise()
    site.environment.update(environment)

    with running(site) as service:
        ended = service.process.wait(TIMEOUT_SECONDS)

    assert ended == code
    assert service.printed.startswith(f"{says}: ")
    assert "Traceback" not in service.printed


def test_did_web_is_served_over_https_and_resolved_with_the_authority_named(site: Site) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(str(site.folder / "server.key"))
    certificate.cert_chain_pems[0].write_to_path(str(site.folder / "server.pem"))
    authority.cert_pem.write_to_path(str(site.folder / "ca.pem"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site.public_url = f"https://localhost:{port}"
    files = {"TLS_CERTIFICATE_FILE": str(site.folder / "server.pem"), "TLS_KEY_FILE": str(site.folder / "server.key")}
    site.environment.update(files, PORT=str(port))
    key = site.initialise()
    context = ssl.create_default_context(cafile=str(site.folder / "ca.pem"))

    with running(site):
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=site.public_url, verify=context, headers=headers, trust_env=False) as https:
            issuer = https.post("/v1/issuers", json={"slug": "poly", "name": "Poly"}).json()
        settings = FetchSettings(ca_file=site.folder / "ca.pem", private_hosts=frozenset({"localhost"}))
        resolved = WebDidResolver(settings).resolve(issuer["did"])

    assert issuer["did"] == f"did:web:localhost%3A{port}:issuers:poly"
    assert resolved.source == f"https://localhost:{port}/issuers/poly/did.json"
    assert b'"CredrootLog"' in resolved.content


def prepared(running: Running, key: str, rows: int) -> tuple[str, str]:
    """Create an issuer, an achievement and an upload; return the upload's path and its achievement's."""
    with client(running, key) as http:
        http.post("/v1/issuers", json={"slug": "poly", "name": "Poly", "didMethod": "key"}).raise_for_status()
        achievement = http.post("/v1/issuers/poly/achievements", json=BODY).raise_for_status().json()["id"]
        people = "".join(f"p{n}@example.org,Person {n},2026-05-29,A\r\n" for n in range(rows))
        uploads = "/v1/issuers/poly/uploads"
        content = (CSV_HEADER + people).encode()
        made = http.post(uploads, params={"achievement": achievement}, content=content).raise_for_status().json()
    return f"{uploads}/{made['id']}", achievement


def issued_rows(site: Site) -> int:
    with contextlib.closing(sqlite3.connect(site.database)) as connection:
        return int(connection.execute("SELECT count(*) FROM credential").fetchone()[0])


def wait_for_rows(site: Site, service: Running, *, at_least: int) -> int:
    """Ask the database itself until a chunk is committed."""
    for _ in range(int(TIMEOUT_SECONDS / 0.02)):
        if (rows := issued_rows(site)) >= at_least:
            return rows
        with contextlib.suppress(subprocess.TimeoutExpired):
            service.process.wait(0.02)
            raise AssertionError(service.printed)
    raise TimeoutError("no chunk was committed")


def test_a_service_killed_between_chunks_issues_every_row_once_after_a_restart(site: Site) -> None:
    rows = 6_000
    key = site.initialise()
    site.environment["UPLOAD_PROCESSES"] = "2"
    with running(site) as service:
        path, _ = prepared(service, key, rows)
        with client(service, key) as http:
            assert http.post(f"{path}/issue").status_code == 202
        wait_for_rows(site, service, at_least=1)
        signing = children_of(service.process.pid)
        service.process.kill()
        service.process.wait(TIMEOUT_SECONDS)
        interrupted = issued_rows(site)
        until(lambda: not any(is_running(process) for process in signing))

    with running(site) as service, client(service, key) as http:
        wait_for_rows(site, service, at_least=rows)
        assert stop(service, signal.SIGTERM) == 0

    with contextlib.closing(sqlite3.connect(site.database)) as connection:
        count, lines, slots, people = connection.execute(
            "SELECT count(*), count(DISTINCT line), count(DISTINCT slot),"
            " (SELECT count(DISTINCT recipient_key) FROM credential_recipient) FROM credential"
        ).fetchone()
        state = connection.execute("SELECT state, rows_issued FROM upload").fetchone()
    assert len(signing) == 2
    assert 0 < interrupted < rows
    assert (count, lines, slots, people) == (rows, rows, rows, rows)
    assert state == ("issued", rows)


def children_of(process_id: int) -> list[int]:
    """Return the processes that a process started."""
    tasks = Path(f"/proc/{process_id}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_an_upload_leaves_no_process_and_no_half_chunk(
    site: Site, number: signal.Signals
) -> None:
    key = site.initialise()
    site.environment["UPLOAD_PROCESSES"] = "2"
    with running(site) as service:
        # More than can be signed while the requests in hand are ended.
        path, _ = prepared(service, key, 30_000)
        shown: list[dict[str, Any]] = []
        with client(service, key) as http:
            assert http.post(f"{path}/issue").status_code == 202

            def is_timed() -> bool:
                shown.append(http.get(path).json())
                return shown[-1]["rowsPerSecond"] is not None

            # A moment passes between a commit and its being counted.
            until(is_timed)
        signing = children_of(service.process.pid)
        arguments = b"".join(Path(f"/proc/{process}/cmdline").read_bytes() for process in signing)
        code = stop(service, number)
        issued = issued_rows(site)

    with contextlib.closing(sqlite3.connect(site.database)) as connection:
        state, counted = connection.execute("SELECT state, rows_issued FROM upload").fetchone()
    assert code == 0
    assert len(signing) == 2
    assert not any(is_running(process) for process in signing)
    assert (state, counted) == ("issuing", issued)
    assert shown[-1]["rowsPerSecond"] > 0
    assert shown[-1]["remainingSeconds"] >= 0
    assert 0 < issued < 30_000
    secrets = [key, PASSWORD, "Person", "@example.org"]
    assert [secret for secret in secrets if secret in service.printed or secret.encode() in arguments] == []


def test_nothing_secret_is_ever_printed(site: Site) -> None:
    key = site.initialise()
    site.environment["LOG_LEVEL"] = "debug"

    with running(site) as service:
        path, achievement = prepared(service, key, 3)
        with client(service, key) as http:
            assert http.post(f"{path}/issue").status_code == 202
            wait_for_rows(site, service, at_least=3)
            made = http.post("/v1/api-keys", json={"role": "auditor", "label": "x"}).json()["key"]
            person = {"name": "Amal Haddad", "email": "amal.haddad@example.org"}
            order = {"achievement": achievement, "recipient": person, "narrative": "Very good."}
            issued = http.post("/v1/issuers/poly/credentials", json=order).json()
            http.post("/v1/issuers/poly/credentials", json=order)
            http.post("/v1/issuers/poly/credentials/search", json={"identifier": "amal.haddad@example.org"})
            http.post("/v1/verify", json={"credential": issued["document"]})
            http.post("/v1/verify", content=b'{"credential": "Amal Haddad"')
            for ending in ("rows?every=true", "annotated.csv", "archive.zip", "preview?line=2"):
                assert http.get(f"{path}/{ending}").status_code == 200
            arguments = Path(f"/proc/{service.process.pid}/cmdline").read_bytes()
        assert stop(service, signal.SIGTERM) == 0

    secrets = [key, made, PASSWORD, "Amal", "amal.haddad", "Person 1", "p1@example.org", "Very good"]
    assert [secret for secret in secrets if secret in service.printed] == []
    assert [secret for secret in secrets if secret.encode() in arguments] == []
