"""A million credentials end to end, as an operator runs it: chain, service and worker as processes, files over HTTP.

    upload (dry run) -> issue -> seal -> anchor in one transaction -> final, published -> receipts of random ones verify

Durability is what an operator gets by default: SQLite in WAL mode with synchronous=FULL, PostgreSQL with fsync and
synchronous_commit on. Memory is the sum over service, its pool, and worker; the chain and PostgreSQL are told apart.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, func, select, text
from web3 import Web3

from registry.adapters import tables
from registry.adapters.artifacts import load_artifact
from registry.demo.client import Service
from registry.demo.stage import Stage, empty_folder
from registry.domain.log_name import LogName
from tests.bench.memory import MemoryWatch
from tests.bench.people import people
from tests.demo.hashlib_verifier import check_receipt
from tests.postgres import running_postgres

FILES: Final = 4
"""A file holds at most 250,000 rows."""
RECEIPTS: Final = 1_000
PATIENCE_SECONDS: Final = 1_800.0
LOOK_SECONDS: Final = 0.5
SLUG: Final = "poly"
POSTGRES: Final = ("--listen_addresses=", "--max_connections=60", "--shared_buffers=256MB", "--max_wal_size=8GB")
"""fsync, synchronous_commit and full_page_writes stay as PostgreSQL has them: on."""
DURABILITY: Final = {
    "sqlite": "WAL, synchronous=FULL",
    "postgresql": "fsync=on, synchronous_commit=on, full_page_writes=on, shared_buffers=256MB, max_wal_size=8GB",
}
ACHIEVEMENT: Final[dict[str, Any]] = {
    "name": "Data Analysis with Python",
    "description": "Collect, clean, analyse and present data with Python, in six assignments and a supervised project.",
    "achievementType": "MicroCredential",
    "criteria": {"narrative": "Six weekly assignments, each passed, and a supervised project."},
    "alignment": [
        {
            "targetName": "perform data analysis",
            "targetUrl": "http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f",
            "targetType": "ext:ESCOSkill",
        }
    ],
    "resultDescription": [{"name": "Grade", "resultType": "LetterGrade", "allowedValue": ["C", "B", "B+", "A"]}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Million:
    """What was measured."""

    database: str
    durability: str
    credentials: int
    seconds: Mapping[str, float]
    """From the first upload: when everything was uploaded, issued, anchored, final and published."""
    rows_per_second: float
    """Of everything, from the first upload to the anchor."""
    peak_bytes: int
    """Service, its pool and worker together."""
    database_peak_bytes: int
    """The PostgreSQL server; 0 for SQLite, which is in the service."""
    bytes_per_credential: int
    transactions: int
    gas: int
    receipts_verified: int


def measure_million(folder: Path, *, database: str, rows: int) -> Million:
    """Issue `rows` credentials and anchor them; `database` is `sqlite` or `postgresql`.

    Raises AssertionError when a receipt does not verify or the credentials are not in one epoch.
    """
    empty_folder(folder)
    with ExitStack() as stack:
        url, server = stack.enter_context(_database(database, folder))
        # The worker looks every two seconds, as it may: the demonstration's quarter of one is for impatient people.
        settings = {**url, "CREDROOT_SEAL_AFTER_CREDENTIALS": str(rows), "CREDROOT_POLL_SECONDS": "2"}
        stage = stack.enter_context(Stage(folder, settings=settings))
        log, admin = _start(stage)
        memory = stack.enter_context(MemoryWatch([stage.process_id("service"), stage.process_id("worker")]))
        theirs = stack.enter_context(MemoryWatch(server, proportional=True))
        seconds = _run(stage, admin, rows)
        engine = create_engine(settings["CREDROOT_DATABASE_URL"])
        stack.callback(engine.dispose)
        verified, gas = _check(stage, admin, engine, log, rows)
        return Million(
            database=database,
            durability=DURABILITY[database],
            credentials=rows,
            seconds=seconds,
            rows_per_second=rows / seconds["anchored"],
            peak_bytes=memory.peak_bytes,
            database_peak_bytes=theirs.peak_bytes,
            bytes_per_credential=_size(engine, folder) // rows,
            transactions=1,
            gas=gas,
            receipts_verified=verified,
        )


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[dict[str, str], list[int]]]:
    if kind == "sqlite":
        yield {"CREDROOT_DATABASE_URL": f"sqlite:///{folder / 'registry' / 'credroot.db'}"}, []
        return
    with running_postgres(POSTGRES) as server, server.fresh_database() as url:
        yield {"CREDROOT_DATABASE_URL": url}, [server.process_id]


def _start(stage: Stage) -> tuple[LogName, Service]:
    stage.prepare()
    stage.start_chain()
    log = stage.deploy()
    key = stage.initialise(log)
    stage.start_service()
    stage.start_worker()
    return log, stage.client(key)


def _run(stage: Stage, admin: Service, rows: int) -> dict[str, float]:
    admin.post("/v1/issuers", {"slug": SLUG, "name": "Polytechnic", "kind": "university", "didMethod": "web"}, once="i")
    achievement = admin.post(f"/v1/issuers/{SLUG}/achievements", ACHIEVEMENT, once="a")["id"]
    today, share = datetime.now(UTC).date(), rows // FILES
    files = [people(number * share, share, today=today) for number in range(FILES)]
    seconds: dict[str, float] = {}
    begun = time.monotonic()
    uploads = []
    for number, content in enumerate(files):
        path = f"/v1/issuers/{SLUG}/uploads"
        upload = admin.upload(path, content, achievement=achievement, filename=f"people-{number}.csv")["id"]
        admin.post(f"{path}/{upload}/issue", {}, once=f"issue {upload}")
        uploads.append(f"{path}/{upload}")
    seconds["uploaded"] = time.monotonic() - begun
    for path in uploads:
        done = _wait(admin, path, "state", {"issued", "failed"})
        assert (done["state"], done["rowsIssued"]) == ("issued", share), done
    seconds["issued"] = time.monotonic() - begun
    _wait(admin, "/v1/log", "newestEpoch", {1})
    seconds["sealed"] = time.monotonic() - begun
    _wait(admin, "/v1/epochs/1", "state", {"MINED", "FINAL"})
    seconds["anchored"] = time.monotonic() - begun
    _wait(admin, "/v1/epochs/1", "published", {True})
    seconds["published"] = time.monotonic() - begun
    return seconds


def _wait(admin: Service, path: str, member: str, wanted: set[Any]) -> Any:  # noqa: ANN401  # JSON
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = admin.get(path)
        if answer[member] in wanted:
            return answer
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"{path}: {member} is not in {wanted}")


def _check(stage: Stage, admin: Service, engine: Engine, log: LogName, rows: int) -> tuple[int, int]:
    """Verify random receipts by hashlib alone, and their root by the chain; return how many, and the anchor's gas."""
    document = tables.credential.c
    with engine.connect() as connection:
        # By their leaves, which are random: no order of the table, and no sorting of a million.
        chosen = connection.execute(select(document.leaf, document.document).order_by(document.leaf).limit(RECEIPTS))
        sample = [(row.leaf, json.loads(row.document)) for row in chosen]
        epochs = connection.execute(select(func.count(), func.sum(tables.batch.c.count)).select_from(tables.batch))
        batches, sealed = epochs.one()
    assert sealed == rows, (batches, sealed)
    node = Web3(Web3.HTTPProvider(stage.rpc_url))
    contract = node.eth.contract(address=Web3.to_checksum_address(log.contract), abi=load_artifact().abi)
    root = contract.functions.rootAt(log.number, 1).call()
    gas = 0
    for leaf, credential in sample:
        receipt = admin.get(f"/receipts/{leaf.hex()}")
        assert check_receipt(credential, receipt) == {"revocation": False}
        assert receipt["root"] == root.hex()
        assert receipt["anchor"]["epoch"] == 1
        gas = gas or node.eth.get_transaction_receipt(receipt["anchor"]["transaction"])["gasUsed"]
    assert contract.functions.latestEpoch(log.number).call() == 1
    return len(sample), gas


def _size(engine: Engine, folder: Path) -> int:
    if engine.dialect.name == "sqlite":
        return sum(file.stat().st_size for file in (folder / "registry").glob("credroot.db"))
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
