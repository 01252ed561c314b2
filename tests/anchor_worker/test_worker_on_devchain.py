"""The whole way of an epoch on the embedded chain: sealed, anchored in one transaction, final, published."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from registry.adapters.database import open_engine
from registry.adapters.rpc import read_member, read_quantity, request
from registry.adapters.tables import attempt
from registry.domain.batch import decode_entries, tree_leaves
from registry.domain.manifest import LogFile, Manifest
from registry.domain.merkle import MerkleTree
from registry.store_ports import AnchorState
from scripts import audit_log
from tests.anchor_worker.sites import Site, funded_account, site_on
from tests.audit_world import call_script
from tests.devchain_process import DevChainProcess
from tests.promises import make_promise
from tests.rpc_proxy import run_proxy
from tests.store_samples import NOW, add_tenant, issue, opened_store, order

MAX_ANCHOR_GAS: Final = 51_500


@pytest.fixture
def site(devchain: DevChainProcess, database_url: str, tmp_path: Path) -> Iterator[Site]:
    """Give each test an account, and so a log, of its own."""
    with site_on(
        devchain.url,
        chain_id=devchain.chain_id,
        account=funded_account(devchain.url, devchain.chain_id),
        folder=tmp_path,
        database_url=database_url,
    ) as made:
        yield made


def test_what_waits_is_sealed_anchored_and_published_in_one_round(site: Site) -> None:
    site.issue(3)

    site.run_once()

    anchor = site.anchor(1)
    assert anchor.state is AnchorState.FINAL
    assert site.root_on_chain(1) == anchor.root
    manifest = Manifest.parse((site.published / "epochs" / "1" / "manifest.json").read_bytes())
    manifest.check_roots()
    assert (manifest.root, manifest.anchor.block_hash) == (anchor.root, "0x" + (anchor.block_hash or b"").hex())
    assert LogFile.parse((site.published / "log.json").read_bytes()).log == site.log.name


def test_published_entries_rebuild_the_batch_and_name_the_stored_did_document(site: Site) -> None:
    issued = issue(site.store, site.tenant, 5)

    site.run_once()

    folder = site.published / "epochs" / "1"
    batch = Manifest.parse((folder / "manifest.json").read_bytes()).batches[0]
    data = (folder / batch.entries).read_bytes()
    assert [entry.leaf for entry in decode_entries(data, batch.header)] == sorted(each.leaf for each in issued)
    assert MerkleTree(tree_leaves(data)).root == batch.root
    document = site.published / "issuers" / f"{batch.header.did_document.hex()}.json"
    assert site.tenant.did.encode() in document.read_bytes()


def test_ten_issuers_and_a_hundred_revocations_are_one_transaction_of_51_500_gas(site: Site) -> None:
    tenants = [add_tenant(site.store, f"issuer-{n}") for n in range(10)]
    first = [each for tenant in tenants for each in issue(site.store, tenant, 10)]
    site.run_once()
    for tenant in tenants:
        issue(site.store, tenant, 2)
    with site.store.write() as unit:
        for each in first:
            unit.statuses.revoke(order(each.id, changed_at=NOW))

    site.run_once()

    anchor = site.anchor(2)
    assert anchor.state is AnchorState.FINAL
    name = "0x" + (anchor.transaction_hash or b"").hex()
    sent = request(site.web3, "eth_getTransactionByHash", [name])
    receipt = request(site.web3, "eth_getTransactionReceipt", [name])
    assert read_member(sent, "input") == "0x" + anchor.root.hex()
    assert read_quantity(read_member(receipt, "gasUsed"), where="gas used") <= MAX_ANCHOR_GAS
    manifest = Manifest.parse((site.published / "epochs" / "2" / "manifest.json").read_bytes())
    assert (len(manifest.batches), len(manifest.lists)) == (10, 10)


def test_what_a_node_is_told_was_stored_before(site: Site) -> None:
    told: list[tuple[bytes, list[bytes]]] = []

    def listen(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_sendRawTransaction":
            told.append((bytes.fromhex(params[0].removeprefix("0x")), stored_transactions(site)))
        return answer

    site.issue()
    with run_proxy(site.settings.rpc_urls[0], listen) as url:
        site.run_once(rpc_urls=(url,))

    ((raw, stored),) = told
    assert stored == [raw]
    assert site.anchor(1).state is AnchorState.FINAL


def stored_transactions(site: Site) -> list[bytes]:
    engine = open_engine(site.settings.database_url)
    with engine.connect() as connection:
        found = [bytes(raw) for raw in connection.execute(select(attempt.c.raw)).scalars()]
    engine.dispose()
    return found


def test_nothing_is_anchored_when_nothing_waits(site: Site) -> None:
    site.issue()
    with site.worker() as worker:
        worker.run_once()

        worker.run_once()
        worker.run_once()

    assert site.epochs_on_chain() == 1


def test_epoch_after_epoch_is_anchored_under_its_number(site: Site) -> None:
    with site.worker() as worker:
        for _ in range(3):
            site.issue()
            worker.run_once()

    assert [site.anchor(number).state for number in (1, 2, 3)] == [AnchorState.FINAL] * 3
    assert [site.root_on_chain(number) for number in (1, 2, 3)] == [site.anchor(number).root for number in (1, 2, 3)]


def test_a_database_restored_from_a_backup_adopts_what_is_on_chain(
    devchain: DevChainProcess, sqlite_url: str, tmp_path: Path
) -> None:
    with site_on(
        devchain.url,
        chain_id=devchain.chain_id,
        account=funded_account(devchain.url, devchain.chain_id),
        folder=tmp_path,
        database_url=sqlite_url,
    ) as site:
        site.issue()
        with site.worker() as worker:
            worker.seal()
        backup = tmp_path / "backup.db"
        with sqlite3.connect(tmp_path / "registry.db") as source, sqlite3.connect(backup) as target:
            source.backup(target)
        source.close()
        target.close()
        site.run_once()
        published = (site.published / "epochs" / "1" / "manifest.json").read_bytes()

        site.run_once(database_url=f"sqlite:///{backup}")

        assert site.epochs_on_chain() == 1
        with opened_store(f"sqlite:///{backup}") as restored, restored.read() as unit:
            adopted = unit.epochs.anchor(1)
        assert adopted == site.anchor(1)
        assert (site.published / "epochs" / "1" / "manifest.json").read_bytes() == published


def test_a_promise_alone_drives_epochs_that_an_audit_finds_clean(site: Site) -> None:
    (credential,) = issue(site.store, site.tenant)
    with site.worker() as worker:
        worker.seal()
        promised = make_promise(site.store, credential, at=datetime.now(UTC)).terms.epoch
        for _ in range(5):
            worker.run_once()

    audit = call_script(
        audit_log.main, "--rpc", site.settings.rpc_urls[0], "--log", site.log.name, "--published", site.published
    )
    manifests = [
        Manifest.parse((site.published / "epochs" / str(number) / "manifest.json").read_bytes()) for number in (1, 2, 3)
    ]
    assert site.epochs_on_chain() == promised == 3
    assert [site.anchor(number).state for number in (1, 2, 3)] == [AnchorState.FINAL] * 3
    assert len({site.anchor(number).transaction_hash for number in (1, 2, 3)}) == 3
    assert manifests[1] == replace(manifests[2], epoch=2, anchor=manifests[1].anchor)
    assert (audit.exit_code, audit.errors) == (0, "")
