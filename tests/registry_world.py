"""A registry without its processes: the real use cases over a real database, a chain in memory, a clock that is set.

with opened_world(url, folder) as world:
    issuer = world.add_issuer("poly")  ->  world.add_achievement(issuer)  ->  world.issue(issuer, achievement, "a@b")
    world.anchor()                     sealed, anchored and final: receipts exist
"""

import itertools
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from eth_utils.crypto import keccak
from sqlalchemy import Engine, update

from registry.adapters import tables
from registry.adapters.artifacts import load_artifact
from registry.adapters.built_in_mappings import load_built_in_mappings
from registry.adapters.database import open_engine
from registry.adapters.identifiers import Identifiers
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.migrations import upgrade
from registry.adapters.outbox import FolderOutbox
from registry.adapters.presented_files import open_file_reader
from registry.adapters.published import open_published
from registry.adapters.shaped_json_ld import open_json_ld
from registry.adapters.spreadsheets import Spreadsheets
from registry.adapters.sql_store import SqlStore
from registry.domain.canonical import JsonObject
from registry.domain.credential import Award
from registry.domain.cryptosuites import DEFAULT_SUITES
from registry.domain.errors import NotFound, Unavailable
from registry.domain.evidence import KnownContract
from registry.domain.hashing import Digest, sha256
from registry.domain.multikey import KeyAlgorithm
from registry.domain.recipient import IdentityType
from registry.ports import JsonLd, ResolvedDid
from registry.service.access import Caller, create_api_key
from registry.service.achievements import create_achievement
from registry.service.container import Container
from registry.service.issuers import IssuerOrder, create_issuer
from registry.service.issuing import Order, Person, issue
from registry.service.log_overview import LogOverviews
from registry.service.mailing import Mailer
from registry.service.mappings import find_mapping
from registry.service.proving import Receipts
from registry.service.resources import Resources
from registry.service.running import IssuingRunner
from registry.service.setup import initialise
from registry.service.statuses import StatusLists
from registry.service.upload_pages import UploadPages
from registry.service.upload_reading import format_of
from registry.service.uploads import UploadOrder, examine, receive
from registry.service.verifying import Verifier
from registry.store_ports import (
    AchievementRecord,
    AnchorState,
    CredentialRecord,
    DidMethod,
    IssuerRecord,
    Role,
    UploadRecord,
)
from registry.wiring.making import build_certificates
from tests.fonts import FONT_DIR
from tests.light_case import HandProver
from tests.memory_chain import MemoryChain
from tests.promises import promise_key
from tests.store_samples import LOG, NOW, seal

PASSWORD: Final = "a password of tests alone"
PUBLIC_URL: Final = "https://registry.example"
MAX_UPLOAD_BYTES: Final = 64 * 1024 * 1024
BODY: Final[JsonObject] = {
    "name": "Data Analysis with Python",
    "description": "Collect, clean, analyse and present data with Python.",
    "achievementType": "MicroCredential",
    "criteria": {"narrative": "Six weekly assignments and a supervised project."},
    "alignment": [
        {
            "targetName": "perform data analysis",
            "targetUrl": "http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f",
            "targetType": "ext:ESCOSkill",
        }
    ],
    "resultDescription": [{"name": "Grade", "resultType": "LetterGrade", "allowedValue": ["C", "B", "B+", "A"]}],
    "suspension": True,
}


@dataclass(slots=True, kw_only=True)
class SetClock:
    """A clock that a test sets; it stands still otherwise."""

    moment: datetime = NOW

    def now(self) -> datetime:
        """Return the moment."""
        return self.moment

    def advance(self, **by: float) -> None:
        """Let time pass."""
        self.moment += timedelta(**by)


class Ticks:
    """A clock of its own for ids: they sort by the order in which they were made, also while the clock stands still."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """Return a moment that was never returned before."""
        return self._clock.moment + timedelta(milliseconds=next(self._numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDids:
    """Resolves the did:web documents of this registry, as a web server would serve them."""

    store: SqlStore

    def resolve(self, did: str) -> ResolvedDid:
        """Return the issuer's present document."""
        try:
            with self.store.read() as unit:
                return ResolvedDid(did=did, content=unit.issuers.by_did(did).did_document, source="test")
        except NotFound as error:
            raise Unavailable("did-status", "nobody of that name here") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One registry."""

    engine: Engine
    store: SqlStore
    clock: SetClock
    chain: MemoryChain
    resources: Resources
    container: Container
    admin: Caller
    admin_key: str

    def add_issuer(
        self,
        slug: str = "poly",
        method: DidMethod = DidMethod.WEB,
        suites: tuple[str, ...] = DEFAULT_SUITES,
        algorithm: KeyAlgorithm = KeyAlgorithm.ED25519,
    ) -> IssuerRecord:
        """Create an issuer."""
        profile = {"name": f"Issuer {slug}"}
        order = IssuerOrder(slug=slug, kind="university", did_method=method, profile=profile, cryptosuites=suites)
        key = self.resources.keys.generate(algorithm)
        with self.store.write() as unit:
            return create_issuer(self.resources, unit, order, key=key, caller=self.admin)

    def add_key(self, role: Role, issuer: IssuerRecord | None = None, *, approver: bool = False) -> str:
        """Make an API key and return its secret."""
        issuer_id = None if issuer is None else issuer.id
        with self.store.write() as unit:
            return create_api_key(
                self.resources,
                unit,
                role=role,
                issuer_id=issuer_id,
                label="of a test",
                caller=self.admin,
                approver=approver,
            ).secret

    def add_achievement(self, issuer: IssuerRecord, **changes: Any) -> AchievementRecord:  # noqa: ANN401  # any member
        """Create an achievement, the sample one unless told otherwise."""
        with self.store.write() as unit:
            return create_achievement(self.resources, unit, issuer, {**BODY, **changes}, caller=self.admin)

    def order(self, email: str, **choices: Any) -> Order:  # noqa: ANN401  # any field
        """Make an order for a person known by e-mail."""
        person = Person(name="Amal Haddad", identifiers=((IdentityType.EMAIL, email),))
        now = self.clock.now().replace(microsecond=0)
        award = Award(valid_from=now, valid_until=None, awarded=now, results=("A",))
        return Order(**{"person": person, "award": award, **choices})

    def issue(
        self, issuer: IssuerRecord, achievement: AchievementRecord, email: str = "a@example.org", *, days: int = 0
    ) -> CredentialRecord:
        """Issue one credential, for some days if a number is given."""
        order = self.order(email)
        if days:
            award = replace(order.award, valid_until=order.award.valid_from + timedelta(days=days))
            order = replace(order, award=award)
        with self.store.write() as unit:
            made = issue(self.resources, unit, unit.issuers.get(issuer.id), achievement.id, order, caller=self.admin)
            return unit.credentials.get(issuer.id, made.id)

    def upload(
        self,
        issuer: IssuerRecord,
        achievement: AchievementRecord,
        content: bytes,
        *,
        skip_bad: bool = False,
        allow_duplicates: bool = False,
        piece: int = 1000,
        mapping: str | None = None,
        sheet: str | None = None,
    ) -> UploadRecord:
        """Receive a file, stored in pieces of some bytes: a dry run."""
        with self.store.read() as unit:
            mapped = None if mapping is None else find_mapping(self.resources, unit, issuer, mapping)
        order = UploadOrder(
            id=self.resources.ids.new(),
            achievement_id=achievement.id,
            filename="people.csv",
            sha256=sha256(content),
            skip_bad=skip_bad,
            allow_duplicates=allow_duplicates,
            ignore_extra=False,
            mapping=mapped,
            format=format_of(content[:4]),
            sheet=sheet,
        )
        record = examine(self.resources, issuer, order, [content], max_bytes=MAX_UPLOAD_BYTES, caller=self.admin)
        with self.store.write() as unit:
            return receive(
                self.resources,
                unit,
                record,
                [content[i : i + piece] for i in range(0, len(content), piece)],
            )

    def get_upload(self, record: UploadRecord) -> UploadRecord:
        """Read an upload again."""
        with self.store.read() as unit:
            return unit.uploads.get(record.issuer_id, record.id)

    def get(self, credential: CredentialRecord) -> CredentialRecord:
        """Read a credential again."""
        with self.store.read() as unit:
            return unit.credentials.by_id(credential.id)

    def issued(self, upload: UploadRecord) -> tuple[CredentialRecord, ...]:
        """Return everything that an upload issued."""
        with self.store.read() as unit:
            return unit.credentials.of_upload(upload.id, after_line=0, limit=1_000_000)

    def seal(self) -> tuple[int, Digest]:
        """Seal what waits; return the epoch and its root."""
        with self.store.write() as unit:
            epoch = seal(unit, at=self.clock.now())
        return epoch.number, epoch.root

    def anchor(self) -> int:
        """Seal what waits, anchor it and let it be final; return the epoch."""
        return self.finalize(*self.seal())

    def finalize(self, number: int, root: Digest) -> int:
        """Anchor a sealed epoch and let it be final; return its number."""
        self.chain.next_time = self.clock.now()
        anchor = self.chain.anchor(root)
        values = {
            "state": AnchorState.FINAL.value,
            "transaction_hash": bytes.fromhex(anchor.transaction[2:]),
            "block_number": anchor.block_number,
            "block_hash": bytes.fromhex(anchor.block_hash[2:]),
            "block_time": anchor.block_time,
        }
        with self.engine.begin() as connection:
            connection.execute(update(tables.anchor).where(tables.anchor.c.epoch == number).values(**values))
        return number


@cache
def json_ld() -> JsonLd:
    """Return the JSON-LD processor of the service, made once: reading the contexts takes a while."""
    return open_json_ld()


def make_resources(store: SqlStore, clock: SetClock, *, public_url: str = PUBLIC_URL) -> Resources:
    """Return what use cases work with; deriving the keys' encryption is quick here."""
    return Resources(
        store=store,
        clock=clock,
        ids=Identifiers(Ticks(clock)),
        keys=PasswordKeyVault(PASSWORD, scrypt_log2_n=10),
        json_ld=json_ld(),
        public_url=public_url,
        spreadsheets=Spreadsheets(),
        built_in_mappings=load_built_in_mappings(),
        draw=secrets.randbelow,
        random_bytes=secrets.token_bytes,
    )


@contextmanager
def migrated_world(folder: Path, *, public_url: str = PUBLIC_URL) -> Iterator[World]:
    """Yield a registry over a new SQLite database in a folder."""
    url = f"sqlite:///{folder / 'registry.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    with opened_world(url, folder, public_url=public_url) as world:
        yield world


def promising(resources: Resources) -> Resources:
    """Return the same, with a promise key."""
    return replace(resources, promise_signer=promise_key())


@contextmanager
def opened_world(
    url: str,
    folder: Path,
    *,
    public_url: str = PUBLIC_URL,
    initialised: bool = True,
    adapt: Callable[[Resources], Resources] = lambda resources: resources,
) -> Iterator[World]:
    """Yield a registry over a database that has the schema and no rows; `adapt` may change what it works with."""
    engine = open_engine(url)
    store, clock = SqlStore(engine), SetClock()
    chain = MemoryChain(log=LOG.name)
    chain.mine(NOW)
    resources = adapt(make_resources(store, clock, public_url=public_url))
    key = initialise(resources, LOG, label="first admin") if initialised else None
    published = folder / "published"
    published.mkdir(exist_ok=True)
    code_hash = load_artifact().runtime_code_hash
    receipts = Receipts(store, light=HandProver(chain=chain))
    container = Container(
        resources=resources,
        receipts=receipts,
        certificates=build_certificates(resources, receipts, font_dir=FONT_DIR if FONT_DIR.is_dir() else None),
        status_lists=StatusLists(resources),
        runner=IssuingRunner(resources, max_bytes=MAX_UPLOAD_BYTES),
        verifier=Verifier(
            clock=clock,
            json_ld=resources.json_ld,
            did_resolver=OwnDids(store=store),
            chain=chain,
            published=open_published(str(published)),
            keccak=keccak,
        ),
        did_resolver=OwnDids(store=store),
        published_contract=KnownContract(address=LOG.name.contract, code_hash=code_hash),
        published=open_published(str(published)),
        published_dir=published,
        log_overviews=LogOverviews(resources, open_published(str(published))),
        max_upload_bytes=MAX_UPLOAD_BYTES,
        upload_pages=UploadPages(resources, max_bytes=MAX_UPLOAD_BYTES),
        mailer=Mailer(resources, FolderOutbox(folder / "outbox", sender="no-reply@registry.example")),
        close_store=engine.dispose,
        file_reader=open_file_reader(),
    )
    admin = Caller(key_id=resources.ids.new() if key is None else key.record.id, role=Role.ADMIN, issuer_id=None)
    try:
        yield World(
            engine=engine,
            store=store,
            clock=clock,
            chain=chain,
            resources=resources,
            container=container,
            admin=admin,
            admin_key="" if key is None else key.secret,
        )
    finally:
        container.close()
