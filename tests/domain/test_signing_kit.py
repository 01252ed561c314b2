"""What an issuer takes to a machine without a network: read as it was written, or refused."""

from datetime import UTC, datetime
from typing import Final

import pytest

from registry.domain.canonical import JsonValue, canonicalize
from registry.domain.errors import Malformed
from registry.domain.multikey import PublicKey
from registry.domain.signing_kit import Reservation, SigningKey, SigningKit
from tests.domain.test_submission import FROZEN, LOG, PROFILE, STATUS_URL

KIT: Final = SigningKit(
    profile=PROFILE,
    key=SigningKey(verification_method="did:web:own.example#own-1", public_key=PublicKey.ed25519(bytes([7] * 32))),
    log=LOG,
    status_url=STATUS_URL,
    achievement=FROZEN,
)
RESERVATION: Final = Reservation(
    id="r",
    issuer="did:web:own.example",
    log=LOG,
    status_url=STATUS_URL,
    created=datetime(2026, 6, 1, tzinfo=UTC),
    expires=datetime(2026, 7, 1, tzinfo=UTC),
    slots=(9, 3, 131_072 + 5, 131_072, 7),
)


def test_both_are_read_as_they_were_written() -> None:
    assert SigningKit.parse(canonicalize(KIT.document())) == KIT
    assert Reservation.parse(canonicalize(RESERVATION.document())) == RESERVATION


def test_slots_keep_the_order_in_which_they_were_drawn() -> None:
    assert RESERVATION.document()["slots"] == [
        {"list": 0, "indexes": [9, 3]},
        {"list": 1, "indexes": [5, 0]},
        {"list": 0, "indexes": [7]},
    ]


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("type", "CredrootSlotReservation", "unexpected-value"),
        ("version", 2, "unexpected-value"),
        ("issuer", "did:web:own.example", "malformed-profile"),
        ("issuer", {"name": "Own"}, "malformed-profile"),
        ("key", {"verificationMethod": "x"}, "missing-member"),
        ("key", {"verificationMethod": "x", "publicKeyMultibase": "z"}, "key-type-unsupported"),
        ("log", "eip155:1/0x/1", "malformed-log-name"),
        ("statusUrl", "http://registry.example/status", "malformed-status-url"),
        ("achievement", {"id": "x", "version": 0, "body": FROZEN.achievement.to_body()}, "malformed-integer"),
        ("note", "x", "unknown-member"),
    ],
)
def test_another_kit_is_refused(member: str, value: JsonValue, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        SigningKit.parse(canonicalize({**KIT.document(), member: value}))

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("type", "CredrootSigningKit", "unexpected-value"),
        ("slots", [], "malformed-reservation"),
        ("slots", [{"list": 0, "indexes": [1, 1]}], "malformed-reservation"),
        ("slots", [{"list": 0, "indexes": [131_072]}], "malformed-integer"),
        ("slots", [{"list": 1_048_576, "indexes": [1]}], "malformed-integer"),
        (
            "slots",
            [{"list": 0, "indexes": list(range(40_000))}, {"list": 1, "indexes": list(range(40_000))}],
            "malformed-reservation",
        ),
        ("expires", "tomorrow", "malformed-time"),
        ("note", "x", "unknown-member"),
    ],
)
def test_another_reservation_is_refused(member: str, value: JsonValue, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        Reservation.parse(canonicalize({**RESERVATION.document(), member: value}))

    assert refused.value.code == code
