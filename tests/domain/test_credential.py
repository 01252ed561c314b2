import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import jsonschema
import pytest

from registry.domain.canonical import JsonObject
from registry.domain.credential import Award, Evidence, FrozenAchievement, build_credential
from registry.domain.cryptosuites import SUITES
from registry.domain.data_integrity import attach_proofs, encode_proof_value, proof_options
from registry.domain.errors import Malformed
from registry.domain.recipient import Recipient
from registry.domain.slot import parse_credential_slot
from registry.domain.vc_form import check_form
from tests.badges import (
    ACHIEVEMENT_ID,
    CREDENTIAL_ID,
    LOG,
    NOON,
    STATUS,
    achievement,
    award,
    recipient,
    unsigned_badge,
)
from tests.paths import SHARED_DATA

FORMAL_SCHEMA = SHARED_DATA / "schemas" / "ob_v3p0_achievementcredential_schema.json"


def schema_errors(document: JsonObject) -> list[str]:
    schema = json.loads(FORMAL_SCHEMA.read_text())
    validator = jsonschema.Draft201909Validator(schema, format_checker=jsonschema.FormatChecker())
    return [error.json_path for error in validator.iter_errors(document)]


def secured(document: JsonObject) -> JsonObject:
    options = proof_options(document, suite=SUITES["eddsa-rdfc-2022"], verification_method="did:key:z#z", created=NOON)
    return attach_proofs(document, [{**options, "proofValue": encode_proof_value(bytes(64))}], as_list=True)


def build(
    *, of: FrozenAchievement | None = None, what: Award | None = None, credential_id: UUID = CREDENTIAL_ID
) -> JsonObject:
    return build_credential(
        credential_id=credential_id,
        issuer={"id": "did:web:a.example"},
        achievement=of or FrozenAchievement(id=ACHIEVEMENT_ID, version=1, achievement=achievement()),
        recipient=recipient(),
        award=what or award(),
        status=STATUS,
    )


def test_a_badge_with_every_member_passes_the_formal_schema() -> None:
    document = secured(unsigned_badge())

    assert schema_errors(document) == []
    assert check_form(document) == ()


def test_the_least_badge_passes_the_formal_schema() -> None:
    plain = achievement(alignment=[], achievementType="Badge", resultDescription=[], tag=[])
    least = Award(valid_from=NOON, valid_until=None, awarded=None)
    document = build_credential(
        credential_id=CREDENTIAL_ID,
        issuer={"id": "did:web:a.example"},
        achievement=FrozenAchievement(id=ACHIEVEMENT_ID, version=1, achievement=plain),
        recipient=Recipient(name=None, id="did:example:1", identities=()),
        award=least,
        status=STATUS,
    )

    assert schema_errors(secured(document)) == []
    assert not {"validUntil", "awardedDate", "evidence"} & set(document)


def test_a_badge_says_what_it_was_told() -> None:
    document = unsigned_badge()
    subject = cast("JsonObject", document["credentialSubject"])

    assert document["@context"] == [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ]
    assert document["id"] == f"urn:uuid:{CREDENTIAL_ID}"
    assert document["name"] == "Data Analysis with Python"
    assert (document["validFrom"], document["validUntil"]) == ("2026-05-29T12:00:00Z", "2029-05-29T12:00:00Z")
    assert document["awardedDate"] == "2026-05-28T09:30:00Z"
    assert subject["result"] == [
        {"type": ["Result"], "resultDescription": f"{ACHIEVEMENT_ID}#result-1", "value": "A"},
        {"type": ["Result"], "resultDescription": f"{ACHIEVEMENT_ID}#result-2", "value": "93.5"},
    ]
    assert subject["achievement"] == achievement().document(achievement_id=ACHIEVEMENT_ID, version=3)
    assert cast("list[JsonObject]", document["evidence"])[0] == {
        "id": "https://evidence.example.org/1001",
        "type": ["Evidence"],
        "name": "Capstone",
    }


def test_a_badge_has_one_status_entry_that_names_its_slot() -> None:
    document = unsigned_badge()

    slot = parse_credential_slot(document)

    assert isinstance(document["credentialStatus"], dict)
    assert (slot.log, slot.slot, slot.suspendable) == (LOG, STATUS.slot, False)


def test_an_achievement_that_opts_in_gives_two_entries_which_the_formal_schema_refuses() -> None:
    document = unsigned_badge(of=achievement(suspension=True))

    slot = parse_credential_slot(document)

    assert [entry["statusPurpose"] for entry in cast("list[JsonObject]", document["credentialStatus"])] == [
        "revocation",
        "suspension",
    ]
    assert (slot.slot, slot.suspendable) == (STATUS.slot, True)
    assert schema_errors(secured(document)) == ["$.credentialStatus"]


def test_building_twice_gives_the_same_document() -> None:
    assert unsigned_badge() == unsigned_badge()


def test_a_credential_id_must_be_random() -> None:
    with pytest.raises(Malformed) as refusal:
        build(credential_id=UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"))

    assert refusal.value.code == "credential-id-not-random"


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (("A",), "results-do-not-match"),
        (("D", "50"), "result-not-allowed"),
        (("F", "50"), "result-below-required"),
        (("A", "101"), "result-out-of-range"),
        (("A", "x"), "result-not-a-number"),
    ],
)
def test_a_result_that_does_not_fit_is_refused(results: tuple[str, ...], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        build(what=replace(award(), results=results))

    assert refusal.value.code == code


def test_a_claim_that_json_ld_reads_differently_is_refused_where_it_stands() -> None:
    with pytest.raises(Malformed) as refusal:
        build(what=replace(award(), narrative="one\ttwo"))

    assert (refusal.value.code, refusal.value.where) == ("claim-control-character", "credentialSubject.narrative")


def test_a_document_that_breaks_a_must_is_refused() -> None:
    frozen = FrozenAchievement(id="not an iri", version=1, achievement=achievement())

    with pytest.raises(Malformed) as refusal:
        build(of=frozen)

    assert refusal.value.code == "malformed-badge"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"valid_from": datetime(2026, 5, 29)}, "time-without-offset"),  # noqa: DTZ001
        ({"valid_until": NOON}, "valid-until-before-from"),
        ({"activity_end": datetime(2026, 1, 1, tzinfo=UTC)}, "activity-ends-before-start"),
        ({"evidence": (Evidence(narrative="x"),) * 51}, "too-much-evidence"),
    ],
)
def test_an_award_that_contradicts_itself_is_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        replace(award(), **change)  # type: ignore[arg-type]  # the table mixes types on purpose

    assert refusal.value.code == code


def test_an_award_may_last_a_second() -> None:
    assert replace(award(), valid_until=NOON + timedelta(seconds=1)).valid_until is not None


@pytest.mark.parametrize(
    ("members", "code"), [({"name": "Capstone"}, "evidence-empty"), ({"url": "capstone.pdf"}, "claim-not-iri")]
)
def test_evidence_that_shows_nothing_is_refused(members: dict[str, str], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        Evidence(**members)  # type: ignore[arg-type]

    assert refusal.value.code == code


def test_private_evidence_is_marked_as_such() -> None:
    piece = Evidence(url="https://e.example/1", name="Portfolio", private=True)

    assert piece.document()["audience"] == "private"
    assert "audience" not in replace(piece, private=False).document()
