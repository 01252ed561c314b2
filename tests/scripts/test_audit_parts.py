"""The parts of an audit by themselves: rebuilding without a chain, and the register of slots."""

import tracemalloc
from pathlib import Path

from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.manifest import Manifest
from scripts.audit.finding import SENTENCES, Code, FileCodes, Ledger
from scripts.audit.folder import open_source
from scripts.audit.run import EpochAudit
from scripts.audit.slots import PART_SIZE, SlotRegister
from scripts.audit.telling import as_text
from tests.paths import REPO_ROOT, SHARED_DATA

LOG = LogName(chain_id=31_337, contract="0x" + "5f" * 20, number=1)


def rebuild(folder: Path, *, roots: dict[int, Digest] | None = None) -> Ledger:
    """Rebuild every epoch of a folder up to the roots given, or to those it states itself."""
    ledger, source = Ledger(), open_source(str(folder))
    audit = EpochAudit(ledger, source, log=source.log_file().log)
    for epoch in range(1, 4):
        manifest = source.manifest(epoch)
        assert isinstance(manifest, Manifest)
        audit.rebuild(manifest, root=(roots or {}).get(epoch, manifest.root), event=None)
    audit.finish()
    return ledger


def test_the_folder_of_the_second_implementation_is_rebuilt_to_the_byte() -> None:
    ledger = rebuild(SHARED_DATA / "golden" / "published")

    assert ledger.findings == []
    assert ledger.unchecked == []
    # Five an epoch, three batches, four lists where they stand.
    assert (ledger.batches, ledger.roots) == (3, 15 + 3 + 4)


def test_another_root_on_the_chain_is_found_for_that_epoch_alone() -> None:
    ledger = rebuild(SHARED_DATA / "golden" / "published", roots={2: sha256(b"another")})

    assert [(finding.code, finding.epoch) for finding in ledger.findings] == [(Code.ROOT_NOT_ANCHORED, 2)]


def test_every_code_has_its_sentence_in_the_page() -> None:
    page = (REPO_ROOT / "docs" / "audit.md").read_text(encoding="utf-8")

    assert [code for code in Code if f"| `{code}` | {SENTENCES[code]} |" not in page] == []
    assert sum(line.startswith("| `") for line in page.splitlines()) == len(Code)


def test_the_same_leaf_in_the_same_slot_again_is_no_reuse() -> None:
    slots = SlotRegister()
    for epoch in (1, 2, 3):
        slots.add(slot=5, leaf=sha256(b"one"), epoch=epoch)

    assert list(slots.reuses()) == []


def test_each_other_leaf_of_a_slot_is_told_once() -> None:
    slots = SlotRegister()
    for epoch, leaf in enumerate((b"one", b"two", b"one", b"two", b"three"), start=1):
        slots.add(slot=5, leaf=sha256(leaf), epoch=epoch)
        slots.add(slot=6 + epoch, leaf=sha256(leaf), epoch=epoch)

    found = [(reuse.slot, reuse.first_epoch, reuse.leaf, reuse.epoch) for reuse in slots.reuses()]

    assert found == [(5, 1, sha256(b"two"), 2), (5, 1, sha256(b"three"), 5)]


def fill(slots: SlotRegister, count: int) -> None:
    """Fill slots that are far apart, as a hostile log would choose them."""
    for number in range(count):
        slots.add(slot=number * 104_729 % 2**37, leaf=number.to_bytes(32, "big"), epoch=1)


def test_a_slot_takes_44_bytes_and_what_growing_arrays_keep_in_hand() -> None:
    slots = SlotRegister()
    tracemalloc.start()
    try:
        fill(slots, 20_000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # A million credentials stay far below a gigabyte.
    assert held < 60 * 20_000


def test_many_slots_are_compared_in_parts() -> None:
    slots = SlotRegister()
    count = PART_SIZE + PART_SIZE // 5
    fill(slots, count)
    slots.add(slot=104_729 * (count - 1) % 2**37, leaf=bytes(32), epoch=2)

    assert [(reuse.first_epoch, reuse.epoch) for reuse in slots.reuses()] == [(1, 2)]


def test_words_of_other_people_do_not_steer_the_terminal() -> None:
    ledger = Ledger()
    ledger.find(Code.HEADER_LOG_FOREIGN, epoch=1, place="a\x1b[2Jb", expected="x", found="y\rz")

    text = as_text(ledger, log=LOG, block=None)

    assert "\x1b" not in text
    assert "\r" not in text


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "log.json").symlink_to("log.json")
    ledger = Ledger()

    codes = FileCodes(missing=Code.LOG_FILE_MISSING, malformed=Code.LOG_FILE_MALFORMED)
    with ledger.reading(codes, epoch=None, place="log.json"):
        open_source(str(tmp_path)).log_file()

    assert [finding.code for finding in ledger.findings] in ([Code.FILE_OUTSIDE], [Code.LOG_FILE_MISSING])
