"""The whole way: issued by the registry, anchored by the worker, the receipt kept; then node and registry are gone."""

import io
import json
import secrets
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from registry.cli.main import main
from registry.domain.canonical import canonicalize
from registry.domain.credential import Award
from registry.domain.multikey import KeyAlgorithm
from registry.domain.recipient import IdentityType
from registry.service.access import OPERATOR
from registry.service.achievements import create_achievement
from registry.service.issuers import IssuerOrder, create_issuer
from registry.service.issuing import Order, Person, issue
from registry.service.proving import Receipts
from registry.service.resources import RECIPIENT_HASHING, SECRET_BYTES
from registry.store_ports import CredentialRecord, DidMethod
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import run_anvil
from tests.registry_world import BODY, SetClock, make_resources

pytestmark = pytest.mark.chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the holder kept, and the block that its light part is of."""

    credential: Path
    receipt: Path
    block_hash: str


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("registry")
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, folder) as site:
        credential = issue_credential(site)
        site.run_once()
        site.mine(BLOCKS_TO_FINALITY)
        site.run_once()
        receipt = Receipts(site.store).of_leaf(credential.leaf)
        final = site.web3.eth.get_block("finalized")
    assert receipt.light is not None
    assert keccak(receipt.light.header) == final["hash"]
    found = Kept(
        credential=folder / "credential.json", receipt=folder / "receipt.json", block_hash=final["hash"].to_0x_hex()
    )
    found.credential.write_bytes(credential.document)
    found.receipt.write_bytes(canonicalize(receipt.to_json()))
    return found


def issue_credential(site: Site) -> CredentialRecord:
    """Issue a credential by the use cases of the service, from an issuer whose DID is its key."""
    resources = make_resources(site.store, SetClock())
    now = resources.clock.now().replace(microsecond=0)
    order = IssuerOrder(slug="poly", kind="university", did_method=DidMethod.KEY, profile={"name": "Polytechnic"})
    person = Person(name="Amal Haddad", identifiers=((IdentityType.EMAIL, "a@example.org"),))
    award = Award(valid_from=now, valid_until=None, awarded=now, results=("A",))
    with site.store.write() as unit:
        unit.access.ensure_secret(RECIPIENT_HASHING, lambda: secrets.token_bytes(SECRET_BYTES))
        issuer = create_issuer(
            resources, unit, order, key=resources.keys.generate(KeyAlgorithm.ED25519), caller=OPERATOR
        )
        achievement = create_achievement(resources, unit, issuer, BODY, caller=OPERATOR)
        made = issue(resources, unit, issuer, achievement.id, Order(person=person, award=award), caller=OPERATOR)
        return unit.credentials.get(issuer.id, made.id)


def verify(kept: Kept, block_hash: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    files = [str(kept.credential), "--receipt", str(kept.receipt)]
    with redirect_stdout(out):
        code = main(["verify", *files, "--block-hash", block_hash, "--json"])
    return code, json.loads(out.getvalue())


def test_what_the_holder_kept_is_valid_with_no_node_and_no_registry(kept: Kept) -> None:
    code, verdict = verify(kept, kept.block_hash)

    assert (code, verdict["verdict"]) == (0, "valid"), verdict
    assert verdict["block"]["hash"] == kept.block_hash
    assert {check["id"]: check["code"] for check in verdict["checks"] if check["result"] == "skipped"} == {
        "log": "court-not-asked",
        "recognition": "no-policy",
    }


def test_under_another_block_nothing_is_decided(kept: Kept) -> None:
    code, verdict = verify(kept, "0x" + "22" * 32)

    assert (code, verdict["verdict"]) == (3, "indeterminate")
