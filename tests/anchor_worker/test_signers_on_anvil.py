"""A worker whose key is in another process: what that one signs otherwise is neither stored nor sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from structlog.testing import capture_logs

from registry.domain.errors import Refused
from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anchor_worker.test_worker_on_anvil import attempts
from tests.anvil import run_anvil
from tests.signer_server import ALTERATIONS, SignerServer, other_account, reply, run_signer

pytestmark = pytest.mark.chain

FORMS: Final = ("rpc", "rest")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        yield made


@pytest.fixture
def signer(site: Site) -> Iterator[SignerServer]:
    with run_signer(site.account, chain_id=site.log.name.chain_id) as running:
        yield running


def remote(site: Site, signer: SignerServer, form: str = "rpc") -> dict[str, Any]:
    url = signer.url if form == "rpc" else signer.key_url
    return {"anchor_key_file": None, "signer_url": url, "signer_address": site.account.address}


def failures(site: Site, **settings: Any) -> list[tuple[str, str]]:  # noqa: ANN401  # any setting
    """Let a worker do one round and return the events that tell of what went wrong."""
    with capture_logs() as events:
        site.run_once(**settings)
    return [
        (event["event"], event["code"])
        for event in events
        if event["event"] != "quorum_of_one" and event["log_level"] in {"warning", "error"}
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_remote_signer_takes_an_epoch_to_finality(site: Site, signer: SignerServer, form: str) -> None:
    site.issue()
    site.run_once(**remote(site, signer, form))
    site.mine(BLOCKS_TO_FINALITY)

    site.run_once(**remote(site, signer, form))

    assert site.anchor(1).state is AnchorState.FINAL
    assert site.root_on_chain(1) == site.anchor(1).root


def test_what_a_signer_alters_is_neither_stored_nor_sent_and_an_honest_one_goes_on(
    site: Site, signer: SignerServer
) -> None:
    site.issue()
    nonce = site.web3.eth.get_transaction_count(site.account.address)
    told = []
    for alter in ALTERATIONS.values():
        signer.alter = alter
        told.append(failures(site, **remote(site, signer)))
    stored, state = attempts(site), site.anchor(1).state
    sent = site.web3.eth.get_transaction_count(site.account.address)
    signer.alter = lambda transaction: transaction

    site.run_once(**remote(site, signer))

    assert told == [[("round_refused", "signed-otherwise")]] * len(ALTERATIONS)
    assert (stored, state, sent) == ([], AnchorState.SEALED, nonce)
    assert site.anchor(1).state is AnchorState.MINED


def test_a_key_that_was_exchanged_is_found_out_at_the_signature(site: Site, signer: SignerServer) -> None:
    site.issue()
    with site.worker(**remote(site, signer)) as worker, capture_logs() as events:
        signer.account = other_account()
        worker.run_once()

    assert [event["code"] for event in events if event["log_level"] == "error"] == ["signed-otherwise"]
    assert attempts(site) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_signer_that_is_down_changes_nothing_and_is_waited_for(site: Site, signer: SignerServer, form: str) -> None:
    site.issue()
    signer.instead = lambda handler: reply(handler, "", 503)

    told = failures(site, **remote(site, signer, form))
    down = site.anchor(1).state, attempts(site)
    signer.instead = None
    site.run_once(**remote(site, signer, form))

    at_the_start = [("signer_unavailable", "signer-http")] if form == "rpc" else []
    assert told == [*at_the_start, ("round_cut_short", "signer-http")]
    assert down == (AnchorState.SEALED, [])
    assert site.anchor(1).state is AnchorState.MINED


def test_a_signer_that_is_down_does_not_keep_an_anchor_from_becoming_final(site: Site, signer: SignerServer) -> None:
    site.issue()
    site.run_once(**remote(site, signer))
    site.mine(BLOCKS_TO_FINALITY)
    signer.instead = lambda handler: reply(handler, "", 503)

    site.run_once(**remote(site, signer))

    assert site.anchor(1).state is AnchorState.FINAL
    assert (site.published / "epochs" / "1" / "manifest.json").is_file()


def test_a_signer_without_the_accounts_key_is_refused_at_the_start(site: Site, signer: SignerServer) -> None:
    signer.account = other_account()

    with pytest.raises(Refused, match="no key of"):
        site.run_once(**remote(site, signer))


@pytest.mark.parametrize(
    "settings",
    [
        {"anchor_key_file": None},
        {"signer_url": "http://127.0.0.1:9", "signer_address": "0x" + "11" * 20},
        {"anchor_key_file": None, "signer_url": "http://127.0.0.1:9"},
    ],
    ids=["no key at all", "two keys", "no address"],
)
def test_it_must_be_clear_who_signs(site: Site, settings: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="CREDROOT_"):
        site.run_once(**settings)
