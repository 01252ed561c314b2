"""A server for interoperability tests: the use cases of a registry over a database of its own, and no chain.

One did:key issuer a way of signing. Its database is tied to a log that cannot exist, so nothing in it is ever anchored,
and no credential of it looks as if it waited to be.
"""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from eth_utils.crypto import keccak

from registry.adapters.built_in_mappings import load_built_in_mappings
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from registry.adapters.did_resolver import WebDidResolver
from registry.adapters.guarded_fetch import FetchSettings
from registry.adapters.identifiers import Identifiers
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.migrations import upgrade
from registry.adapters.presented_files import open_file_reader
from registry.adapters.published import open_published
from registry.adapters.shaped_json_ld import open_json_ld
from registry.adapters.spreadsheets import Spreadsheets
from registry.adapters.sql_store import SqlStore
from registry.adapters.status_fetcher import WebStatusLists
from registry.domain.errors import NotFound
from registry.domain.multikey import KeyAlgorithm
from registry.service.access import OPERATOR, Caller
from registry.service.container import Container
from registry.service.issuers import IssuerOrder, create_issuer
from registry.service.list_addresses import NO_LOG
from registry.service.log_overview import LogOverviews
from registry.service.proving import Receipts
from registry.service.resources import RECIPIENT_HASHING, SECRET_BYTES, Resources
from registry.service.running import IssuingRunner
from registry.service.statuses import StatusLists
from registry.service.upload_pages import UploadPages
from registry.service.vc_api import VcApi
from registry.service.verifying import Verifier
from registry.settings import read_secret
from registry.store_ports import DidMethod, IssuerRecord, LogRecord, Role
from registry.wiring.interop_options import InteropOptions
from registry.wiring.making import build_certificates
from registry.wiring.verifying import LOOPBACK_HOSTS, published_contract

PASSWORD_FILE: Final = "key-password"  # noqa: S105 - a file's name
DATABASE_FILE: Final = "interop.db"
PASSWORD_BYTES: Final = 32
SCRYPT_LOG2_N: Final = 10
"""The least there is: nobody guesses 256 random bits, whatever a guess costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One way of signing, and the name of the issuer that signs so."""

    name: str
    suites: tuple[str, ...]
    algorithm: KeyAlgorithm = KeyAlgorithm.ED25519


INSTANCES: Final = (
    Instance(name="eddsa-rdfc-2022", suites=("eddsa-rdfc-2022",)),
    Instance(name="eddsa-jcs-2022", suites=("eddsa-jcs-2022",)),
    Instance(name="ecdsa-rdfc-2019-p256", suites=("ecdsa-rdfc-2019",), algorithm=KeyAlgorithm.P256),
    Instance(name="ecdsa-rdfc-2019-p384", suites=("ecdsa-rdfc-2019",), algorithm=KeyAlgorithm.P384),
    Instance(name="ecdsa-jcs-2019-p256", suites=("ecdsa-jcs-2019",), algorithm=KeyAlgorithm.P256),
    Instance(name="ecdsa-jcs-2019-p384", suites=("ecdsa-jcs-2019",), algorithm=KeyAlgorithm.P384),
    Instance(name="eddsa-set", suites=("eddsa-rdfc-2022", "eddsa-jcs-2022")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InteropServer:
    """What is served, and the issuers that were made for it."""

    container: Container
    issuers: tuple[IssuerRecord, ...]
    public_url: str


@contextmanager
def opened_interop(options: InteropOptions, *, public_url: str) -> Iterator[InteropServer]:
    """Open the database of a server for interoperability tests, in its folder or in one that goes with it.

    Raises Refused and Unavailable as the database and the key vault.
    """
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        yield _open(options, options.folder, public_url)
        return
    with tempfile.TemporaryDirectory(prefix="credroot-interop-") as folder:
        yield _open(options, Path(folder), public_url)


def _open(options: InteropOptions, folder: Path, public_url: str) -> InteropServer:
    engine = open_engine(f"sqlite:///{folder / DATABASE_FILE}")
    upgrade(engine)
    clock = SystemClock()
    resources = Resources(
        store=SqlStore(engine),
        clock=clock,
        ids=Identifiers(clock),
        keys=PasswordKeyVault(_password(folder / PASSWORD_FILE), scrypt_log2_n=SCRYPT_LOG2_N),
        json_ld=open_json_ld(),
        public_url=public_url,
        spreadsheets=Spreadsheets(),
        built_in_mappings=load_built_in_mappings(),
        draw=secrets.randbelow,
        random_bytes=secrets.token_bytes,
    )
    _tie_to_no_log(resources)
    issuers = tuple(_issuer(resources, instance) for instance in INSTANCES)
    hosts = LOOPBACK_HOSTS if options.loopback else frozenset[str]()
    fetching = FetchSettings(ca_file=options.ca_file, private_hosts=hosts)
    did_resolver = WebDidResolver(fetching)
    published_dir = folder / "published"
    published_dir.mkdir(exist_ok=True)
    published = open_published(str(published_dir), ca_file=None)
    max_upload_bytes = 0
    receipts = Receipts(resources.store)
    container = Container(
        resources=resources,
        receipts=receipts,
        # Test suites ask for none: the fonts that are part of the program will do.
        certificates=build_certificates(resources, receipts, font_dir=None),
        status_lists=StatusLists(resources),
        runner=IssuingRunner(resources, max_bytes=max_upload_bytes),
        verifier=Verifier(
            clock=clock,
            json_ld=resources.json_ld,
            did_resolver=did_resolver,
            # Test suites serve their lists over http too.
            status_lists=WebStatusLists(clock, replace(fetching, plain_http_hosts=hosts)),
            chain=None,
            published=None,
            keccak=keccak,
        ),
        did_resolver=did_resolver,
        published_contract=published_contract(),
        published=published,
        published_dir=published_dir,
        log_overviews=LogOverviews(resources, published),
        max_upload_bytes=max_upload_bytes,
        upload_pages=UploadPages(resources, max_bytes=max_upload_bytes),
        close_store=engine.dispose,
        file_reader=open_file_reader(),
        vc_api=VcApi(
            everybody=Caller(key_id=resources.ids.new(), role=Role.ADMIN, issuer_id=None),
            default_issuer=INSTANCES[0].name,
            failure_status=options.failure_status,
            bare=options.bare,
            with_status=options.with_status,
            repeatable=True,
        ),
    )
    return InteropServer(container=container, issuers=issuers, public_url=public_url)


def _password(file: Path) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(f"{secrets.token_urlsafe(PASSWORD_BYTES)}\n", encoding="ascii")
    return read_secret(file)


def _tie_to_no_log(resources: Resources) -> None:
    log = LogRecord(name=NO_LOG, genesis_hash=bytes(32), deploy_block=0, created_at=resources.clock.now())
    with resources.store.write() as unit:
        try:
            unit.access.log()
        except NotFound:
            unit.access.set_log(log)
        unit.access.ensure_secret(RECIPIENT_HASHING, lambda: resources.random_bytes(SECRET_BYTES))


def _issuer(resources: Resources, instance: Instance) -> IssuerRecord:
    """Return the issuer of an instance, made now if it is not in the folder."""
    with resources.store.read() as unit:
        try:
            return unit.issuers.by_slug(instance.name)
        except NotFound:
            pass
    order = IssuerOrder(
        slug=instance.name,
        kind="other",
        did_method=DidMethod.KEY,
        profile={"name": f"Interoperability tests: {instance.name}"},
        cryptosuites=instance.suites,
    )
    key = resources.keys.generate(instance.algorithm)
    with resources.store.write() as unit:
        return create_issuer(resources, unit, order, key=key, caller=OPERATOR)
