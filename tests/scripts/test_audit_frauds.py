"""What a log may do against its own word: each fraud is found by its code, and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from registry.domain.epoch import credentials_root, epoch_root
from registry.domain.hashing import Digest, hash_pair, sha256
from registry.domain.slot import HEADER_WORD, Purpose, slot_word
from tests.audit_case import AuditCase, entry, with_file
from tests.epochs import seal_batch

HOUR: Final = 3_600


def test_an_unpublished_epoch_is_found_once_it_is_an_hour_old(case: AuditCase) -> None:
    case.world.publish(case.published, epochs=[1])
    young = case.run()

    case.node.pass_time(seconds=HOUR)
    old = case.run()

    assert (young.exit_code, young.json["pending"]) == (0, [2])
    assert (old.exit_code, old.found, old.json["pending"]) == (1, {"epoch-unpublished": 1}, [])
    assert old.json["findings"][0]["epoch"] == 2


def test_a_gap_is_found_though_a_later_epoch_is_published(case: AuditCase) -> None:
    case.world.seal()
    case.publish()
    (case.epoch(2) / "manifest.json").unlink()
    case.node.pass_time(seconds=HOUR)

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"epoch-unpublished": 1})


def test_a_revocation_that_was_taken_back_is_found(case: AuditCase) -> None:
    case.world.mark(case.ada, Purpose.REVOCATION, value=False)
    case.world.mark(case.dina, Purpose.REVOCATION)
    case.world.seal()
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"revocation-undone": 1})
    finding = done.json["findings"][0]
    assert (finding["epoch"], finding["place"]) == (3, "revocation list 0")
    assert f"slot {case.ada.slot}, as" in finding["expected"]


def test_a_list_that_vanished_is_a_revocation_taken_back(case: AuditCase) -> None:
    case.world.bits.clear()
    case.world.seal()
    case.world.seal()
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"revocation-undone": 1})
    assert done.json["findings"][0]["epoch"] == 3


def test_a_slot_filled_twice_in_one_epoch_is_found(case: AuditCase) -> None:
    case.add_epoch(case.batch(entry("one", 77), entry("other", 77)))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"slot-reused": 1})
    assert done.json["findings"][0]["place"] == "slot 77"


def test_a_slot_filled_again_in_a_later_epoch_is_found(case: AuditCase) -> None:
    case.add_epoch(case.batch(entry("other", case.ada.slot)))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"slot-reused": 1})
    finding = done.json["findings"][0]
    assert (finding["epoch"], finding["expected"]) == (3, f"{case.ada.leaf.hex()}, as in epoch 1")
    assert f"proved by python scripts/prove_fraud.py --rpc URL --log {case.world.log} --published" in done.text


def test_an_entry_hidden_from_the_files_is_found(case: AuditCase) -> None:
    shown = [entry("one", 70), entry("two", 71)]
    anchored = case.add_epoch(case.batch(*shown, entry("hidden", 72)))
    files = case.batch(*shown)
    root = files.tree.root
    manifest = replace(
        anchored.manifest,
        credentials_root=root,
        root=epoch_root(credentials_root=root, status_root=anchored.manifest.status_root),
        batches=(replace(anchored.manifest.batches[0], header=files.header, root=root),),
    )
    case.world.epochs[-1] = replace(anchored, manifest=manifest, batches=(files,))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"root-not-anchored": 1})
    finding = done.json["findings"][0]
    assert (finding["expected"], finding["found"]) == (anchored.manifest.root.hex(), manifest.root.hex())


def test_a_batch_hidden_under_the_true_roots_is_found(case: AuditCase) -> None:
    shown, hidden = case.batch(entry("one", 70)), case.batch(entry("two", 71))
    sealed = case.add_epoch(shown, hidden)
    manifest = replace(sealed.manifest, batches=sealed.manifest.batches[:1])
    case.world.epochs[-1] = replace(sealed, manifest=manifest, batches=(shown,))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"credentials-root-differs": 1})


def test_entries_hidden_below_the_root_of_a_batch_are_found(case: AuditCase) -> None:
    shown = case.batch(entry("one", 70))
    grafted = hash_pair(shown.tree.root, sha256(b"a subtree nobody sees"))
    top = epoch_root(
        credentials_root=credentials_root([grafted]), status_root=case.world.epochs[-1].manifest.status_root
    )
    repeated = case.repeat_epoch(root=top)
    manifest = replace(
        repeated.manifest,
        root=top,
        credentials_root=grafted,
        batches=(replace(repeated.manifest.batches[0], header=shown.header, root=grafted),),
    )
    case.world.epochs[-1] = replace(repeated, manifest=manifest, batches=(shown,))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"batch-root-differs": 1})


def test_a_revocation_list_hidden_under_the_true_roots_is_found(case: AuditCase) -> None:
    case.world.mark(case.world.issue("Chen again", issuer=case.world.web_issuer), Purpose.REVOCATION)
    sealed = case.world.seal()
    case.world.epochs[-1] = replace(sealed, manifest=replace(sealed.manifest, lists=sealed.manifest.lists[:1]))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"revocation-root-differs": 1})


def test_a_header_that_counts_wrong_is_found(case: AuditCase) -> None:
    sealed = case.batch(entry("one", 70), entry("two", 71))
    lying = replace(sealed.header, count=3)
    case.add_epoch(with_file(replace(sealed, header=lying), lying.leaf() + sealed.data[32:]))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"count-differs": 1})


def test_a_header_of_another_log_is_found(case: AuditCase) -> None:
    other = replace(case.world.log, number=case.world.log.number + 1_000)
    case.add_epoch(seal_batch(case.world.key_issuer, [entry("one", 70)], log=other, name="foreign"))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"header-log-foreign": 1})
    assert done.json["findings"][0]["found"] == str(other)


def test_a_batch_sealed_in_the_future_is_found(case: AuditCase) -> None:
    now = datetime.fromtimestamp(case.node.clock.now(), UTC)
    for minutes in (4, 60):
        case.add_epoch(
            seal_batch(
                case.world.key_issuer,
                [entry(f"in {minutes}", minutes)],
                log=case.world.log,
                name="early",
                sealed=now + timedelta(minutes=minutes),
            )
        )
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"sealed-late": 1})
    assert done.json["findings"][0]["epoch"] == 4


def test_a_root_that_is_not_the_anchored_one_is_found(case: AuditCase) -> None:
    other = hash_pair(Digest(bytes(32)), Digest(bytes(32)))
    case.repeat_epoch(root=other)
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"root-not-anchored": 1})
    assert (done.json["findings"][0]["epoch"], done.json["findings"][0]["expected"]) == (3, other.hex())


def test_an_epoch_published_without_an_anchor_is_found(case: AuditCase) -> None:
    last = case.world.epochs[-1]
    manifest = replace(last.manifest, epoch=3, anchor=replace(last.manifest.anchor, epoch=3))
    case.world.epochs.append(replace(last, manifest=manifest))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"epoch-not-anchored": 1})


@pytest.mark.parametrize(
    ("entry_number", "word"),
    [(0, slot_word(70)), (1, HEADER_WORD), (1, slot_word(70, kind=1)), (1, b"\x01" + bytes(31))],
    ids=["no header word", "second header word", "foreign kind", "no word"],
)
def test_an_anchored_entry_with_a_wrong_word_is_found(case: AuditCase, entry_number: int, word: bytes) -> None:
    sealed = case.batch(entry("one", 70))
    at = 64 * entry_number + 32
    case.add_epoch(with_file(sealed, sealed.data[:at] + word + sealed.data[at + 32 :]))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"batch-malformed": 1})
    assert word.hex() in done.json["findings"][0]["found"]


def test_anchored_leaves_out_of_order_are_found(case: AuditCase) -> None:
    sealed = case.batch(entry("one", 70), entry("two", 71))
    data = sealed.data
    case.add_epoch(with_file(sealed, data[:64] + data[128:192] + data[64:128]))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"batch-malformed": 1})


def test_a_published_header_that_is_not_the_anchored_one_is_found(case: AuditCase) -> None:
    sealed = case.batch(entry("one", 70))
    case.add_epoch(replace(sealed, header=replace(sealed.header, id="another")))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"header-differs": 1})


def test_a_did_document_of_somebody_else_is_found(case: AuditCase) -> None:
    mixed = replace(case.world.key_issuer, document=case.world.web_issuer.document)
    case.add_epoch(case.batch(entry("one", 70), issuer=mixed))
    case.publish()

    done = case.run()

    assert (done.exit_code, done.found) == (1, {"did-document-foreign": 1})
    finding = done.json["findings"][0]
    assert (finding["expected"], finding["found"]) == (mixed.did, case.world.web_issuer.did)


def test_frauds_together_are_all_found(case: AuditCase) -> None:
    case.world.bits.clear()
    case.add_epoch(case.batch(entry("other", case.ada.slot)))
    case.repeat_epoch(root=hash_pair(Digest(bytes(32)), Digest(bytes(32))))
    case.publish()

    done = case.run()

    assert done.found == {"revocation-undone": 1, "root-not-anchored": 1, "slot-reused": 1}
    order = [(finding["epoch"], finding["code"]) for finding in done.json["findings"]]
    assert order == [(3, "revocation-undone"), (3, "slot-reused"), (4, "root-not-anchored")]
    assert "slot-reused                1" in done.text
