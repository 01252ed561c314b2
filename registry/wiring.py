"""The composition root: adapters chosen and put together."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from registry.adapters.artifacts import load_artifact
from registry.adapters.clock import SystemClock
from registry.adapters.contexts import load_contexts
from registry.adapters.database import open_engine
from registry.adapters.did_resolver import DidResolverSettings, WebDidResolver
from registry.adapters.identifiers import Identifiers
from registry.adapters.json_ld import PinnedJsonLd
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.migrations import check_schema
from registry.adapters.published import open_published
from registry.adapters.sql_store import SqlStore
from registry.chain_ports import ChainReader
from registry.domain.evidence import KnownContract
from registry.service.container import Container
from registry.service.proving import Receipts
from registry.service.resources import Resources
from registry.service.running import IssuingRunner
from registry.service.statuses import StatusLists
from registry.service.verifying import Verifier
from registry.settings import Settings

LOOPBACK_NAME: Final = "localhost"


def published_contract() -> KnownContract:
    """Return the anchor log as it is published: the address and the code every verifier expects."""
    artifact = load_artifact()
    return KnownContract(address=artifact.address, code_hash=artifact.runtime_code_hash)


def build_verifier(*, rpc_urls: Sequence[str], published: str | None, ca_file: Path | None) -> Verifier:
    """Build a verifier that needs no database and no service.

    `published` is a folder or a URL; `ca_file` holds certificates that are trusted besides the system's.
    """
    return Verifier(
        clock=SystemClock(),
        json_ld=PinnedJsonLd(load_contexts()),
        # Who verifies on this machine may look at this machine: it is the demonstration's registry that lives here.
        did_resolver=WebDidResolver(DidResolverSettings(ca_file=ca_file, private_hosts=frozenset({LOOPBACK_NAME}))),
        chain=_chain(rpc_urls),
        published=None if published is None else open_published(published, ca_file=ca_file),
    )


def _chain(rpc_urls: Sequence[str]) -> ChainReader | None:
    if not rpc_urls:
        return None
    # web3 takes a second to import: a verifier without a node does not pay for it.
    from registry.adapters.anchor_log import AnchorLogReader  # noqa: PLC0415

    return AnchorLogReader(rpc_urls)


def build_resources(settings: Settings) -> Resources:
    """Open the database and unlockable keys of a registry.

    Raises Refused when the database has another schema than this program or no password is set, Unavailable when the
    database cannot be reached.
    """
    engine = open_engine(settings.database_url)
    check_schema(engine)
    clock = SystemClock()
    return Resources(
        store=SqlStore(engine),
        clock=clock,
        ids=Identifiers(clock),
        keys=PasswordKeyVault(settings.issuer_key_password()),
        json_ld=PinnedJsonLd(load_contexts()),
        public_url=settings.public_url,
        draw=secrets.randbelow,
        random_bytes=secrets.token_bytes,
    )


def build_container(settings: Settings) -> Container:
    """Build what the web service works with."""
    resources = build_resources(settings)
    private_hosts = frozenset({LOOPBACK_NAME}) if settings.resolve_loopback else frozenset[str]()
    return Container(
        resources=resources,
        receipts=Receipts(resources.store),
        status_lists=StatusLists(resources),
        runner=IssuingRunner(resources, max_bytes=settings.max_upload_bytes),
        verifier=Verifier(
            clock=resources.clock,
            json_ld=resources.json_ld,
            did_resolver=WebDidResolver(DidResolverSettings(ca_file=settings.ca_file, private_hosts=private_hosts)),
            chain=_chain(settings.rpc_urls),
            published=open_published(str(settings.published_dir), ca_file=None),
        ),
        published_contract=published_contract(),
        published_dir=settings.published_dir,
        max_upload_bytes=settings.max_upload_bytes,
    )
