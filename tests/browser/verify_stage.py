"""A stage for the verify page: a real chain, published files, and the service over them; five credentials to present.

valid      signed by a did:key, with eddsa-rdfc-2022 and eddsa-jcs-2022, anchored, in force
tampered   the same with another name in it
revoked    as the newest epoch says
expired    its validUntil has passed
unknown    of a did:web that nobody reaches
"""

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx
from eth_utils.crypto import keccak
from sqlalchemy import update
from typing_extensions import override

from registry.adapters import tables
from registry.adapters.anchor_log import AnchorLogReader
from registry.adapters.clock import SystemClock
from registry.adapters.published import open_published
from registry.devchain.accounts import development_accounts
from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.slot import Purpose
from registry.service.container import Container
from registry.service.running import IssuingRunner
from registry.service.sharing import shared_link, switch_sharing
from registry.service.signing import secure
from registry.service.verifying import Verifier
from registry.web.app import create_app
from registry.web.rate_limit import RateLimits
from registry.wiring.verifying import published_contract
from tests.devchain_process import run_devchain
from tests.epochs import ISSUED_AT, Issued, World, build_world, json_ld
from tests.node_chain import node_chain
from tests.registry_world import World as RegistryWorld
from tests.registry_world import migrated_world
from tests.verdicts import KnownDids
from tests.web_server import serve

CASES: Final = {
    "valid": "valid",
    "tampered": "invalid",
    "revoked": "revoked",
    "expired": "expired",
    "unknown": "indeterminate",
}
"""The verdict on each."""
SUITES: Final = ("eddsa-rdfc-2022", "eddsa-jcs-2022")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A credential and its receipt, as files."""

    credential: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyStage:
    """Everything that runs but the service."""

    container: Container
    cases: Mapping[str, Case]
    shares: Mapping[str, tuple[str, str]]
    """The share link and the short code of each."""
    rpc_url: str
    published: Path

    @contextmanager
    def service(self) -> Iterator[httpx.Client]:
        """Run the service until the block is left."""
        # A service that ends closes its runner, and the next one needs another; e-mails are not sent here.
        runner = IssuingRunner(self.container.resources, max_bytes=self.container.max_upload_bytes)
        app = create_app(replace(self.container, runner=runner, mailer=None))
        # Every test is the same visitor: its minutes pass at once.
        app.state.rate_limits = RateLimits(itertools.count(step=1_000.0).__next__)
        with serve(app) as client:
            yield client


@contextmanager
def open_stage(folder: Path) -> Iterator[VerifyStage]:
    """Run the chain, anchor the cases, and make the service ready."""
    with run_devchain() as process, migrated_world(folder) as registry:
        chain = node_chain(process.url, development_accounts()[0], chain_id=process.chain_id)
        world = build_world(chain)
        cases = _anchor_cases(world)
        published = world.publish(folder / "log")
        container = replace(
            registry.container,
            verifier=Verifier(
                clock=SystemClock(),
                json_ld=json_ld(),
                did_resolver=KnownDids(),
                chain=AnchorLogReader([process.url]),
                published=open_published(str(published)),
                keccak=keccak,
            ),
            published_contract=published_contract(),
            published_dir=published,
            public_rpc_url=process.url,
        )
        yield VerifyStage(
            container=container, cases=cases, shares=_share(registry, cases), rpc_url=process.url, published=published
        )


@contextmanager
def static_files(folder: Path) -> Iterator[str]:
    """Serve a folder as any static server does that lets other pages read it; yield its address."""

    class Handler(SimpleHTTPRequestHandler):
        @override
        def end_headers(self) -> None:
            self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _anchor_cases(world: World) -> dict[str, Case]:
    past = datetime.now(UTC) - timedelta(days=1)
    issued = {
        "valid": _issue(world, "Amal Haddad", suspendable=True),
        "revoked": _issue(world, "Ben Okafor"),
        "expired": _issue(world, "Chen Wei", valid_until=past),
        "unknown": world.issue("Dana Levi", issuer=world.web_issuer),
    }
    world.seal()
    world.mark(issued["revoked"], Purpose.REVOCATION)
    world.seal()
    cases = {
        name: Case(credential=item.content, receipt=canonicalize(world.receipt(item).to_json()))
        for name, item in issued.items()
    }
    tampered = cases["valid"].credential.replace(b"Amal Haddad", b"Amal Haddid")
    return {**cases, "tampered": replace(cases["valid"], credential=tampered)}


def _share(registry: RegistryWorld, cases: Mapping[str, Case]) -> dict[str, tuple[str, str]]:
    """Share each under the registry's own names. It issued none of them: their bytes stand where its own did."""
    issuer = registry.add_issuer()
    achievement = registry.add_achievement(issuer)
    shares: dict[str, tuple[str, str]] = {}
    for name, case in cases.items():
        record = registry.issue(issuer, achievement, f"{name}@example.org")
        with registry.store.write() as unit:
            share = switch_sharing(registry.resources, unit, record.id, shared=True)
        assert share is not None
        with registry.engine.begin() as connection:
            of_record = tables.credential.c.id == record.id
            connection.execute(update(tables.credential).where(of_record).values(document=case.credential))
        shares[name] = (shared_link(registry.resources, share), share.code.spelled)
    return shares


def _issue(world: World, name: str, *, suspendable: bool = False, valid_until: datetime | None = None) -> Issued:
    """Issue a credential with both proofs of the family, whose holder, title and skill are shown."""
    plain = world.issue(name, suspendable=suspendable, valid_until=valid_until)
    world.waiting.remove(plain)
    document: JsonObject = {**plain.document, "name": "Data Analysis with Python"}
    issuer = plain.issuer
    signed = secure(
        document,
        signer=issuer.signer,
        json_ld=json_ld(),
        created=ISSUED_AT,
        verification_method=issuer.method,
        suites=SUITES,
    )
    made = replace(plain, document=signed)
    world.waiting.append(made)
    return made
