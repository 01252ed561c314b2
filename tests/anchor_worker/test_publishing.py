"""Published files: whole or not at all, and the same bytes every time."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Final

import pytest
from sqlalchemy import Table, update

from anchor_worker.publishing import FilePublisher
from anchor_worker.sealing import EpochSealer, SealingRule
from registry.adapters import tables
from registry.adapters.database import open_engine
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import CredrootError, Unavailable
from registry.domain.manifest import Manifest
from registry.store_ports import AnchorState
from tests.store_samples import LOG, NOW, Tenant, add_log, add_tenant, issue, order

TIMEOUT_SECONDS: Final = 60.0


@dataclass
class StoppedClock:
    """A clock that stands still."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class Desk:
    """A registry whose epochs become final at a word."""

    store: SqlStore
    url: str
    folder: Path
    tenant: Tenant

    def seal(self) -> None:
        rule = SealingRule(after=timedelta(0), after_credentials=1)
        EpochSealer(self.store, log=LOG.name, rule=rule, clock=StoppedClock()).seal()

    def finalize(self) -> None:
        self._update(
            tables.anchor,
            state=AnchorState.FINAL.value,
            transaction_hash=b"\x01" * 32,
            block_number=7,
            block_hash=b"\x02" * 32,
            block_time=NOW,
        )

    def forget_publishing(self) -> None:
        self._update(tables.epoch, published_at=None)

    def publish(self) -> tuple[int, ...]:
        return FilePublisher(self.store, folder=self.folder, clock=StoppedClock()).publish()

    def files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def _update(self, table: Table, **values: object) -> None:
        engine = open_engine(self.url)
        with engine.begin() as connection:
            connection.execute(update(table).values(**values))
        engine.dispose()


@pytest.fixture
def desk(store: SqlStore, database_url: str, tmp_path: Path) -> Desk:
    """Two epochs: one with two issuers and a revocation, one with a suspension."""
    add_log(store)
    made = Desk(store=store, url=database_url, folder=tmp_path / "published", tenant=add_tenant(store, "north"))
    first, second = issue(store, made.tenant, 2)
    issue(store, add_tenant(store, "south"))
    with store.write() as unit:
        unit.statuses.revoke(order(first.id))
    made.seal()
    with store.write() as unit:
        unit.statuses.suspend(order(second.id))
    made.seal()
    return made


def test_only_final_epochs_are_published(desk: Desk) -> None:
    assert desk.publish() == ()
    assert not desk.folder.exists()


def test_every_final_epoch_is_published_once_with_exactly_its_files(desk: Desk) -> None:
    desk.finalize()

    assert desk.publish() == (1, 2)
    assert desk.publish() == ()
    names = [name for name in desk.files() if not name.startswith("issuers/")]
    assert names == [
        "epochs/1/batch-0.bin",
        "epochs/1/batch-1.bin",
        "epochs/1/manifest.json",
        "epochs/1/revocation-0.bin",
        "epochs/2/manifest.json",
        "epochs/2/suspension-0.bin",
        "log.json",
    ]
    assert len(desk.files()) - len(names) == 2


def test_a_manifest_names_the_earlier_file_of_a_list_that_did_not_change(desk: Desk) -> None:
    desk.finalize()
    desk.publish()

    manifest = Manifest.parse((desk.folder / "epochs" / "2" / "manifest.json").read_bytes())

    manifest.check_roots()
    assert [item.to_json(2)["file"] for item in manifest.lists] == ["../1/revocation-0.bin", "suspension-0.bin"]
    for item in manifest.lists:
        content = (desk.folder / "epochs" / str(item.file_epoch) / item.file_name()).read_bytes()
        assert hashlib.sha256(content).digest() == item.sha256


def test_did_documents_are_published_under_their_hash(desk: Desk) -> None:
    desk.finalize()
    desk.publish()

    for name, digest in desk.files().items():
        if name.startswith("issuers/"):
            assert name == f"issuers/{digest}.json"


def test_a_crash_after_the_rename_leads_to_the_same_bytes(desk: Desk) -> None:
    desk.finalize()
    desk.publish()
    before = desk.files()
    desk.forget_publishing()

    assert desk.publish() == (1, 2)
    assert desk.files() == before


def test_a_crash_while_writing_leaves_nothing_behind(desk: Desk) -> None:
    desk.finalize()
    half = desk.folder / "epochs" / ".aside-1.0123456789abcdef"
    half.mkdir(parents=True)
    (half / "batch-0.bin").write_bytes(b"half")
    (half / "foreign").write_bytes(b"")

    desk.publish()

    assert not half.exists()
    assert not any(path.name.startswith(".") or path.name == "foreign" for path in desk.folder.rglob("*"))


def test_workers_that_publish_the_same_epochs_at_once_do_not_disturb_each_other(desk: Desk) -> None:
    desk.finalize()
    desk.publish()
    expected = desk.files()
    workers = 4
    begin = Barrier(workers)

    def publish() -> tuple[int, ...]:
        begin.wait(TIMEOUT_SECONDS)
        return desk.publish()

    for _ in range(5):
        shutil.rmtree(desk.folder)
        desk.forget_publishing()
        with ThreadPoolExecutor(workers) as pool:
            published = [future.result(TIMEOUT_SECONDS) for future in [pool.submit(publish) for _ in range(workers)]]

        # Whoever looks late finds less to do.
        assert {number for numbers in published for number in numbers} == {1, 2}
        assert desk.files() == expected


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_damaged_files_are_written_again(desk: Desk, damage: str) -> None:
    desk.finalize()
    desk.publish()
    before = desk.files()
    file = desk.folder / "epochs" / "1" / "batch-0.bin"
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(bytes(file.stat().st_size))
    desk.forget_publishing()

    desk.publish()

    assert desk.files() == before


def test_a_folder_that_cannot_be_written_leaves_the_epoch_unpublished(desk: Desk) -> None:
    desk.finalize()
    desk.folder.write_text("a file where the folder should be")

    with pytest.raises(Unavailable, match="published"):
        desk.publish()

    with desk.store.read() as unit:
        assert unit.epochs.to_publish() == (1, 2)


def test_an_epoch_that_does_not_lead_to_its_root_is_not_published(desk: Desk) -> None:
    desk.finalize()
    engine = open_engine(desk.url)
    with engine.begin() as connection:
        connection.execute(update(tables.epoch).where(tables.epoch.c.number == 1).values(root=b"\x00" * 32))
    engine.dispose()

    with pytest.raises(CredrootError):
        desk.publish()

    assert not desk.folder.exists()
