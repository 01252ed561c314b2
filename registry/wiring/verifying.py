"""A verifier on its own: no database, no service, and nothing imported that it does not need."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from eth_utils.crypto import keccak

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.clock import SystemClock
from registry.adapters.did_resolver import WebDidResolver
from registry.adapters.guarded_fetch import FetchSettings
from registry.adapters.presented_files import open_file_reader
from registry.adapters.published import open_published
from registry.adapters.shaped_json_ld import open_json_ld
from registry.adapters.status_fetcher import WebStatusLists
from registry.chain_ports import ChainReader, LightProver
from registry.domain.evidence import KnownContract
from registry.ports import FileReader
from registry.service.verifying import Verifier
from registry.wiring.recursion import kept_recursion_limit

LOOPBACK_NAME: Final = "localhost"
LOOPBACK_HOSTS: Final = frozenset({LOOPBACK_NAME, "127.0.0.1", "::1"})
"""Hosts whose status lists may stand at http URLs (protocol section 2), where a service may look at its own machine."""


def published_contract() -> KnownContract:
    """Return the anchor log as it is published, and its court: the addresses and the code every verifier expects."""
    artifact, court = load_artifact(), load_artifact(FRAUD_COURT)
    return KnownContract(
        address=artifact.address,
        code_hash=artifact.runtime_code_hash,
        court=KnownContract(address=court.address, code_hash=court.runtime_code_hash),
    )


def build_verifier(*, rpc_urls: Sequence[str], published: str | None, ca_file: Path | None) -> Verifier:
    """Build a verifier that needs no database and no service.

    `published` is a folder or a URL; `ca_file` holds certificates that are trusted besides the system's.
    """
    # Who verifies on this machine may look at this machine: it is the demonstration's registry that lives here.
    fetching = FetchSettings(ca_file=ca_file, private_hosts=frozenset({LOOPBACK_NAME}))
    clock = SystemClock()
    return Verifier(
        clock=clock,
        json_ld=open_json_ld(),
        did_resolver=WebDidResolver(fetching),
        status_lists=WebStatusLists(clock, fetching),
        chain=open_chain(rpc_urls),
        published=None if published is None else open_published(published, ca_file=ca_file),
        keccak=keccak,
    )


def open_files() -> FileReader:
    """Return what reads the files that people present."""
    return open_file_reader()


def open_light_prover(rpc_urls: Sequence[str], *, quorum: int) -> LightProver:
    """Return what makes light parts of receipts with some nodes, `quorum` of which agree; without one it proves nothing."""
    with kept_recursion_limit():
        from registry.adapters.light_proofs import NodeLightProver  # noqa: PLC0415
        from registry.adapters.rpc import connect  # noqa: PLC0415

    nodes = [connect(url) for url in rpc_urls]
    return NodeLightProver(lambda: nodes, code_hash=load_artifact().runtime_code_hash, quorum=quorum)


def open_chain(rpc_urls: Sequence[str]) -> ChainReader | None:
    """Return a reader of the chain behind some nodes, None when there is none."""
    if not rpc_urls:
        return None
    # web3 takes a second to import: a verifier without a node does not pay for it.
    with kept_recursion_limit():
        from registry.adapters.anchor_log import AnchorLogReader  # noqa: PLC0415

    return AnchorLogReader(rpc_urls)
