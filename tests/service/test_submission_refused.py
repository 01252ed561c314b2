"""What issuers sign elsewhere and is not one of our credentials: refused, each kind with its code."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import uuid1, uuid4

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize, parse_object
from registry.domain.multikey import encode_multikey
from registry.service.own_keys import OwnKeyOrder, replace_own_key
from tests.own_keys import OwnIssuer, add_own_issuer, make_key, refusal, submit, vault
from tests.registry_world import World

# Any: documents are JSON of any shape.
Change = Callable[[Any], object]
DAY: Final = timedelta(days=1)


@pytest.fixture
def own(world: World) -> OwnIssuer:
    return add_own_issuer(world, suspension=False)


# -- refused, line by line --------------------------------------------------------------------------------------------


def subject(change: Change) -> Change:
    return lambda document: change(document["credentialSubject"])


def put(name: str, value: object) -> Change:
    return lambda members: members.__setitem__(name, value)


def entry(change: Change) -> Change:
    return lambda document: change(document["credentialStatus"])


def identity(change: Change) -> Change:
    return lambda document: change(document["credentialSubject"]["identifier"][0])


def status_url(old: str, new: str) -> Change:
    def change(entry: Any) -> None:  # noqa: ANN401
        for name in ("id", "statusListCredential"):
            entry[name] = entry[name].replace(old, new)

    return change


CLAIMS: Final[dict[str, tuple[str, Change]]] = {
    "another issuer": ("issuer-differs", lambda d: d["issuer"].__setitem__("id", "did:web:thief.example")),
    "a profile of its own": ("issuer-profile-differs", lambda d: d["issuer"].__setitem__("name", "Famous University")),
    "a bare DID for a profile": ("issuer-profile-differs", lambda d: d.__setitem__("issuer", d["issuer"]["id"])),
    "an id that tells the time": ("credential-id-not-random", put("id", uuid1().urn)),
    "an id in upper case": (
        "credential-id-not-random",
        lambda d: d.__setitem__("id", d["id"].upper().replace("URN:UUID", "urn:uuid")),
    ),
    "an id that is no UUID": ("credential-id-not-random", put("id", "https://own.example/1")),
    "another log": ("log-differs", entry(status_url("/1/revocation", "/2/revocation"))),
    "another status address": ("status-differs", entry(status_url("registry.example", "mirror.example"))),
    "an entry without id": ("missing-id", entry(lambda e: e.pop("id"))),
    "no status": ("missing-member", lambda d: d.pop("credentialStatus")),
    "no revocation": ("no-slot", entry(put("statusPurpose", "message"))),
    "two slots": ("slots-differ", lambda d: d.__setitem__("credentialStatus", other_places(d["credentialStatus"]))),
    "suspension nobody asked for": (
        "suspension-differs",
        lambda d: d.__setitem__("credentialStatus", both(d["credentialStatus"])),
    ),
    "another list": ("slot-not-reserved", entry(status_url("revocation/0", "revocation/9"))),
    "another achievement": (
        "achievement-unknown",
        subject(lambda s: s["achievement"].__setitem__("id", "https://own.example/a")),
    ),
    "an achievement of nobody": (
        "achievement-unknown",
        subject(
            lambda s: s["achievement"].__setitem__("id", f"https://registry.example/issuers/own/achievements/{uuid4()}")
        ),
    ),
    "a version that is none": ("achievement-unknown", subject(lambda s: s["achievement"].__setitem__("version", "7"))),
    "a version spelled oddly": (
        "achievement-unknown",
        subject(lambda s: s["achievement"].__setitem__("version", "01")),
    ),
    "no achievement": ("achievement-unknown", subject(lambda s: s.pop("achievement"))),
    "criteria of its own": (
        "achievement-differs",
        subject(lambda s: s["achievement"].__setitem__("criteria", {"narrative": "None."})),
    ),
    "another name": ("achievement-differs", put("name", "Doctor of Everything")),
    "a member of its own": ("unknown-member", put("description", "Beyond everything.")),
    "another type": ("type-differs", lambda d: d["type"].append("Evidence")),
    "another context": (
        "context-differs",
        lambda d: d["@context"].append("https://w3id.org/security/data-integrity/v2"),
    ),
    "no recipient": (
        "recipient-without-identity",
        subject(
            put(
                "identifier",
                [{"type": "IdentityObject", "hashed": False, "identityHash": "Amal", "identityType": "name"}],
            )
        ),
    ),
    "an address in the clear": (
        "identifier-in-clear",
        identity(lambda i: i.update(hashed=False, identityHash="p0@example.org")),
    ),
    "a short salt": ("salt-too-short", identity(put("salt", "pepper"))),
    "a hash that is none": ("malformed-identity", identity(put("identityHash", "sha256$abc"))),
    "another recipient than told": ("identifier-mismatch", identity(put("identityHash", "sha256$" + "0" * 64))),
    "a grade that is none": ("result-not-allowed", subject(lambda s: s["result"][0].__setitem__("value", "Z"))),
    "tomorrow": ("issued-in-future", put("validFrom", "2026-06-02T00:00:00Z")),
    "an end before the beginning": ("valid-until-before-from", put("validUntil", "2026-05-01T00:00:00Z")),
    "a time without offset": ("time-without-offset", put("validFrom", "2026-05-01T00:00:00")),
}


def both(entry: Any) -> list[Any]:  # noqa: ANN401
    text = json.dumps(entry).replace("revocation", "suspension")
    return [entry, json.loads(text)]


def other_places(entry: Any) -> list[Any]:  # noqa: ANN401
    first, second = both(entry)
    index = "7" if first["statusListIndex"] != "7" else "8"
    return [first, {**second, "statusListIndex": index, "id": f"{second['statusListCredential']}#{index}"}]


@pytest.mark.parametrize("name", list(CLAIMS))
def test_a_signed_credential_that_is_not_one_of_ours_is_refused(own: OwnIssuer, name: str) -> None:
    code, change = CLAIMS[name]
    reservation = own.reserve(1)
    (line,) = own.sign(reservation, 1)

    assert refusal(own, reservation, own.resign(line, change)) == code


def test_every_letter_that_was_changed_after_signing_is_a_signature_mismatch(own: OwnIssuer) -> None:
    reservation = own.reserve(1)
    (line,) = own.sign(reservation, 1)

    assert refusal(own, reservation, line.replace(b"Person 0", b"Person 1")) == "signature-mismatch"


def proof_of(line: bytes) -> tuple[JsonObject, Any]:
    members = parse_object(line)
    document: Any = members["credential"]
    return members, document["proof"][0]


PROOFS: Final[dict[str, tuple[str, Change]]] = {
    "expires": ("proof-member-not-taken", put("expires", "2030-01-01T00:00:00Z")),
    "no time": ("malformed-proof", lambda p: p.pop("created")),
    "a suite that is none": ("proof-suite-not-taken", put("cryptosuite", "eddsa-2021")),
    "a suite of other keys": ("proof-suite-not-taken", put("cryptosuite", "ecdsa-rdfc-2019")),
    "no value": ("malformed-proof-value", put("proofValue", "z1")),
    "another value": ("signature-mismatch", lambda p: p.__setitem__("proofValue", swapped(p["proofValue"]))),
}


def swapped(value: str) -> str:
    return value[:-1] + ("2" if value[-1] != "2" else "3")


@pytest.mark.parametrize("name", list(PROOFS))
def test_a_proof_that_is_not_plain_is_refused(own: OwnIssuer, name: str) -> None:
    code, change = PROOFS[name]
    reservation = own.reserve(1)
    members, proof = proof_of(own.sign(reservation, 1)[0])
    change(proof)

    assert refusal(own, reservation, canonicalize(members)) == code


def test_a_credential_without_proof_or_with_too_many_is_refused(own: OwnIssuer) -> None:
    reservation = own.reserve(1)
    members, proof = proof_of(own.sign(reservation, 1)[0])
    found = []
    for proofs in (None, [], proof, [proof] * 3, [proof, proof], ["x"]):
        document: Any = members["credential"]
        document["proof"] = proofs
        if proofs is None:
            del document["proof"]
        found.append(refusal(own, reservation, canonicalize(members)))

    assert found == [
        *("no-proof", "no-proof", "malformed-proof", "malformed-proof", "proof-suite-twice", "malformed-proof"),
    ]


def test_only_the_present_key_signs(own: OwnIssuer) -> None:
    world, reservation = own.world, own.reserve(1)
    (line,) = own.sign(reservation, 1)
    old = own.kit().key.verification_method
    new = make_key()
    stranger = own.resign(line, signer=vault().unlock(new.encrypted_key))
    with world.store.read() as unit:
        status_key = unit.issuers.status_key(own.record.id)
    by_registry = own.resign(
        line, signer=world.resources.keys.unlock(status_key.encrypted_key), method=status_key.verification_method
    )
    elsewhere = own.resign(line, method="did:web:thief.example#key-1")
    found = [refusal(own, reservation, item) for item in (stranger, by_registry, elsewhere)]

    with world.store.write() as unit:
        replace_own_key(
            world.resources,
            unit,
            own.record,
            OwnKeyOrder(public_multibase=encode_multikey(new.public_key)),
            compromised=False,
            caller=world.admin,
        )
    assert found == ["signature-mismatch", "signed-by-status-key", "signed-by-another-key"]
    assert refusal(own, reservation, own.resign(line, method=old)) == "signed-by-retired-key"


def test_a_proof_is_made_for_assertions_and_in_the_time_of_the_reservation(own: OwnIssuer) -> None:
    now, reservation = own.world.clock.now(), own.reserve(1)
    (line,) = own.sign(reservation, 1)

    found = [
        refusal(own, reservation, item)
        for item in (
            own.resign(line, purpose="authentication"),
            own.resign(line, created=now - timedelta(minutes=6)),
            own.resign(line, created=now + timedelta(minutes=6)),
        )
    ]

    assert found == ["proof-purpose-differs", "proof-stale", "proof-from-the-future"]
    assert len(submit(own, reservation, [own.resign(line, created=now - timedelta(minutes=4))]).credentials) == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"no json", "json-syntax"),
        (b"[]", "json-not-object"),
        (b'{"credential": 1}', "malformed-object"),
        (b'{"credential": {}, "credential": {}}', "json-duplicate-name"),
        (b'{"credential": {}, "note": 1}', "unknown-member"),
        (b"\xff{}", "json-not-utf8"),
        (b'{"credential": {"a": "' + b"x" * 1_048_576 + b'"}}', "json-too-large"),
    ],
)
def test_a_line_that_is_no_credential_is_refused(own: OwnIssuer, line: bytes, code: str) -> None:
    assert refusal(own, own.reserve(1), line) == code


def test_identifiers_are_a_short_list_of_texts(own: OwnIssuer) -> None:
    reservation = own.reserve(1)
    members = parse_object(own.sign(reservation, 1)[0])

    wrong: list[JsonValue] = [["a"] * 11, [1], "a", [""]]
    found = [refusal(own, reservation, canonicalize({**members, "identifiers": given})) for given in wrong]

    assert found == ["malformed-list", "malformed-string", "malformed-list", "malformed-string"]
