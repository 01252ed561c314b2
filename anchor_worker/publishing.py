"""Publishing: the files of a final epoch (protocol section 9), so that they are there whole or not at all.

    log.json, issuers/<sha256>.json        one file each: written aside, synced, renamed
    epochs/N/                              a folder: written aside, every file synced, renamed, parent synced
    then the store notes that N is published

A crash before the rename leaves a folder whose name begins with a dot, which is removed once the epoch's is in place; a
crash after it leaves the folder in place, and every file that is not as it would be written is written again. The bytes
follow from the store alone (JCS for JSON), so they are the same every time.

Several workers may write the same epoch at once, each aside under a name of its own. One is first; whoever comes second
finds its place taken, or what it wrote aside removed, and compares.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from anchor_worker.sealing import check_stored_epoch
from registry.domain.batch import BatchHeader
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.errors import Conflict, Unavailable
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.manifest import LogFile, Manifest, ManifestBatch, ManifestList, batch_file_name
from registry.domain.receipt import Anchor
from registry.ports import Clock
from registry.store_ports import AnchorState, ReadStore, Store

LOG_FILE: Final = "log.json"
MANIFEST_FILE: Final = "manifest.json"
_ASIDE: Final = ".aside-"


class FilePublisher:
    """Writes published files into one folder."""

    def __init__(self, store: Store, *, folder: Path, clock: Clock) -> None:
        """Take the registry's store and the folder, which is made when it is not there."""
        self._store = store
        self._folder = folder
        self._clock = clock

    def publish(self) -> tuple[int, ...]:
        """Write the files of every final epoch that is not noted as published, and return their numbers.

        Raises Unavailable when the files cannot be written, ProofMismatch when the stored epoch does not lead to its
        own root.
        """
        with self._store.read() as unit:
            numbers = unit.epochs.to_publish()
        for number in numbers:
            self._publish_one(number)
        return numbers

    def _publish_one(self, number: int) -> None:
        with self._store.read() as unit:
            shared = _shared_files(unit, number)
            files = epoch_files(unit, number)
        try:
            for name, content in shared.items():
                _write_file(self._folder / name, content)
            _write_folder(self._folder / "epochs" / str(number), files)
        except OSError as error:
            raise Unavailable("published-unwritable", f"{self._folder}: {error.strerror}") from error
        with self._store.write() as writer:
            writer.epochs.mark_published(number, published_at=self._clock.now())


def epoch_files(unit: ReadStore, number: int) -> dict[str, bytes]:
    """Return the files of an epoch's folder by name, rebuilt and checked.

    Raises ProofMismatch when the stored parts do not lead to the stored root.
    """
    check_stored_epoch(unit, number)
    manifest = _manifest(unit, number)
    files = {
        batch_file_name(batch.position): unit.epochs.batch_entries(batch.id) for batch in unit.epochs.batches(number)
    }
    for item in manifest.lists:
        if item.file_epoch == number:
            files[item.file_name()] = unit.epochs.list_bits(number, item.purpose, item.number)
    files[MANIFEST_FILE] = canonicalize(manifest.to_json())
    return files


def _manifest(unit: ReadStore, number: int) -> Manifest:
    epoch = unit.epochs.get(number)
    return Manifest(
        epoch=number,
        root=epoch.root,
        credentials_root=epoch.credentials_root,
        status_root=epoch.status_root,
        revocation_root=epoch.revocation_root,
        suspension_root=epoch.suspension_root,
        batches=tuple(
            ManifestBatch(
                header=BatchHeader.parse(parse_object(batch.header)),
                root=batch.root,
                entries=batch_file_name(batch.position),
            )
            for batch in unit.epochs.batches(number)
        ),
        lists=tuple(
            ManifestList(
                purpose=item.purpose,
                number=item.number,
                root=item.root,
                sha256=item.sha256,
                file_epoch=item.file_epoch,
            )
            for item in unit.epochs.lists(number)
        ),
        anchor=_anchor(unit, number, unit.access.log().name),
    )


def _anchor(unit: ReadStore, number: int, log: LogName) -> Anchor:
    record = unit.epochs.anchor(number)
    placed = record.transaction_hash, record.block_number, record.block_hash, record.block_time
    match placed:
        case (bytes() as transaction, int() as block_number, bytes() as block_hash, block_time) if (
            block_time is not None and record.state is AnchorState.FINAL
        ):
            return Anchor(
                log=log,
                epoch=number,
                transaction="0x" + transaction.hex(),
                block_number=block_number,
                block_hash="0x" + block_hash.hex(),
                block_time=block_time,
            )
        case _:
            raise Conflict("anchor-not-final", f"epoch {number} is {record.state}: only final epochs are published")


def _shared_files(unit: ReadStore, number: int) -> dict[str, bytes]:
    log = unit.access.log()
    files = {LOG_FILE: canonicalize(LogFile(log=log.name, deploy_block=log.deploy_block).to_json())}
    hashes: set[Digest] = {
        BatchHeader.parse(parse_object(batch.header)).did_document for batch in unit.epochs.batches(number)
    }
    return files | {f"issuers/{each.hex()}.json": unit.issuers.did_document(each) for each in sorted(hashes)}


def _write_file(path: Path, content: bytes) -> None:
    if not _holds(path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = _aside(path)
        try:
            _write_synced(aside, content)
            aside.replace(path)
        except FileNotFoundError:
            # Another worker was faster, and removed ours.
            if not _holds(path, content):
                raise
        _sync_folder(path.parent)
    _remove_asides(path)


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = _aside(folder)
        try:
            aside.mkdir()
            for name, content in files.items():
                _write_synced(aside / name, content)
            _sync_folder(aside)
            aside.rename(folder)
        except OSError:
            # Another worker was faster: the place is taken, or ours was removed.
            if not folder.is_dir():
                raise
        _sync_folder(folder.parent)
    # Whole since its rename, unless the disk or a hand damaged it: what differs is written again.
    for name, content in files.items():
        _write_file(folder / name, content)
    _remove_asides(folder)


def _aside(path: Path) -> Path:
    return path.with_name(f"{_ASIDE}{path.name}.{secrets.token_hex(8)}")


def _remove_asides(path: Path) -> None:
    """Remove what crashes left of a file or folder that is in place, and what slower workers still write of it."""
    for aside in path.parent.glob(f"{_ASIDE}{path.name}.*"):
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    # A rename is durable once its folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
