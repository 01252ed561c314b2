"""Issuers that keep their own key, in a registry of a test: what they have on their machine, and what they sign there."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import pytest

from registry.adapters.identifiers import Identifiers
from registry.adapters.keys import PasswordKeyVault
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.data_integrity import unsecured
from registry.domain.errors import CredrootError
from registry.domain.multikey import KeyAlgorithm, encode_multikey
from registry.domain.signing_kit import Reservation, SigningKit
from registry.domain.submission_report import SubmissionRefused
from registry.ports import SealedKey, Signer
from registry.service.issuers import IssuerOrder
from registry.service.offline import Signing, sign_people
from registry.service.own_keys import OwnKeyOrder, create_own_key_issuer
from registry.service.reserving import ReservationOrder, reserve, show_reservation, signing_kit
from registry.service.resources import SigningTools
from registry.service.signing import secure
from registry.service.submitting import Examined, SubmissionOrder, examine_lines, examine_one, store
from registry.store_ports import AchievementRecord, CredentialRecord, DidMethod, IssuerRecord
from tests.registry_world import World, json_ld

OWN_PASSWORD: Final = "a password on another machine"
HEADER: Final = "recipient_email,recipient_name,issued_on,grade\r\n"


@cache
def vault() -> PasswordKeyVault:
    """Return the vault of the other machine; deriving is quick here."""
    return PasswordKeyVault(OWN_PASSWORD, scrypt_log2_n=10)


def make_key(algorithm: KeyAlgorithm = KeyAlgorithm.ED25519) -> SealedKey:
    """Make a key on the other machine."""
    return vault().generate(algorithm)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIssuer:
    """An issuer, one achievement of it, and its private key."""

    world: World
    record: IssuerRecord
    achievement: AchievementRecord
    signer: Signer

    def reserve(self, count: int, *, days: int = 30) -> Reservation:
        """Reserve slots and take the reservation along."""
        resources = self.world.resources
        with self.world.store.write() as unit:
            made = reserve(
                resources, unit, self.record, ReservationOrder(count=count, days=days), caller=self.world.admin
            )
            shown = show_reservation(resources, unit, self.record, made)
        return Reservation.parse(canonicalize(shown.document()))

    def kit(self, *, version: int | None = None) -> SigningKit:
        """Take a signing kit along."""
        with self.world.store.read() as unit:
            issuer = unit.issuers.get(self.record.id)
            kit = signing_kit(self.world.resources, unit, issuer, self.achievement.id, version=version)
        return SigningKit.parse(canonicalize(kit.document()))

    def signing(
        self, reservation: Reservation, *, suites: tuple[str, ...] = ("eddsa-rdfc-2022",), skip: int = 0
    ) -> Signing:
        """Put together what the other machine has."""
        tools = SigningTools(
            clock=self.world.clock,
            ids=Identifiers(self.world.clock),
            keys=vault(),
            json_ld=json_ld(),
            public_url="https://nowhere.example",
            random_bytes=secrets.token_bytes,
        )
        return Signing(
            tools=tools, kit=self.kit(), reservation=reservation, signer=self.signer, suites=suites, skip=skip
        )

    def sign(
        self, reservation: Reservation, people: int = 1, *, suites: tuple[str, ...] = ("eddsa-rdfc-2022",)
    ) -> list[bytes]:
        """Sign credentials of some people."""
        content = people_csv(people)
        return list(sign_people(self.signing(reservation, suites=suites), lambda: [content], allow_duplicates=False))

    def resign(
        self,
        line: bytes,
        change: Callable[[Any], object] = lambda _: None,  # JSON of any shape
        *,
        signer: Signer | None = None,
        method: str | None = None,
        created: datetime | None = None,
        purpose: str = "assertionMethod",
        suites: tuple[str, ...] = ("eddsa-rdfc-2022",),
    ) -> bytes:
        """Change a signed document and sign it again: a forger with a key, or the issuer making a mistake."""
        members = parse_object(line)
        document = members["credential"]
        assert isinstance(document, dict)
        change(document)
        secured = secure(
            unsecured(document),
            signer=signer or self.signer,
            json_ld=json_ld(),
            created=created or self.world.clock.now(),
            verification_method=method or self.kit().key.verification_method,
            suites=suites,
            purpose=purpose,
        )
        return canonicalize({**members, "credential": secured})


def people_csv(count: int) -> bytes:
    """Write a file of people, no two the same."""
    rows = (f"p{number}@example.org,Person {number},2026-05-29,A\r\n" for number in range(count))
    return (HEADER + "".join(rows)).encode()


def add_own_issuer(
    world: World,
    slug: str = "own",
    *,
    method: DidMethod = DidMethod.WEB,
    algorithm: KeyAlgorithm = KeyAlgorithm.ED25519,
    did: str | None = None,
    **achievement: bool,
) -> OwnIssuer:
    """Create an issuer that keeps its key, and an achievement."""
    sealed = make_key(algorithm)
    order = IssuerOrder(slug=slug, kind="university", did_method=method, profile={"name": f"Issuer {slug}"})
    own = OwnKeyOrder(public_multibase=encode_multikey(sealed.public_key), did=did)
    status_key = world.resources.keys.generate()
    with world.store.write() as unit:
        record = create_own_key_issuer(world.resources, unit, order, own, status_key=status_key, caller=world.admin)
    return OwnIssuer(
        world=world,
        record=record,
        achievement=world.add_achievement(record, **achievement),
        signer=vault().unlock(sealed.encrypted_key),
    )


def submit(own: OwnIssuer, reservation: Reservation, lines: list[bytes], **choices: bool) -> Examined:
    """Send a file."""
    order = order_of(reservation, **choices)
    examined = examine_lines(own.world.resources, present(own).record, order, lines)
    with own.world.store.write() as unit:
        return store(own.world.resources, unit, examined, caller=own.world.admin)


def present(own: OwnIssuer) -> OwnIssuer:
    """Return the issuer as it is stored now."""
    with own.world.store.read() as unit:
        record = unit.issuers.get(own.record.id)
    return OwnIssuer(world=own.world, record=record, achievement=own.achievement, signer=own.signer)


def order_of(reservation: Reservation, **choices: bool) -> SubmissionOrder:
    """Name the reservation that is filled."""
    return SubmissionOrder(reservation_id=UUID(reservation.id), **choices)


def stored(own: OwnIssuer) -> tuple[CredentialRecord, ...]:
    """Return everything that is stored of an issuer."""
    with own.world.store.read() as unit:
        return unit.credentials.page(own.record.id, after=None, limit=100_000)


def refusal(own: OwnIssuer, reservation: Reservation, line: bytes) -> str:
    """Return the code that a line is refused with, the same alone and in a file; nothing is stored."""
    with pytest.raises(CredrootError) as alone:
        examine_one(own.world.resources, present(own).record, order_of(reservation), line)
    with pytest.raises(SubmissionRefused) as among:
        submit(own, reservation, [line])
    assert [finding.code for finding in among.value.findings] == [alone.value.code]
    assert stored(own) == ()
    return alone.value.code
