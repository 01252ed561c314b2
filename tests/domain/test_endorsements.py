"""Endorsements inside a badge are looked at one by one, and a forged one is never passed over."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.endorsements import MAX_ENDORSEMENTS, find_endorsements
from registry.domain.evidence import Profile
from registry.domain.verdict import Verdict, Word
from registry.ports import ResolvedDid
from registry.service.embedded import MAX_ENDORSED_BYTES, MAX_ENDORSERS, MAX_ENDORSERS_TIME, EndorsementGatherer
from registry.service.verifying import VerifyRequest
from tests.badges import unsigned_badge
from tests.epochs import json_ld
from tests.issuing import NOW, Issuer, make_key_issuer, make_web_issuer, sign
from tests.verdicts import FixedClock, KnownDids, default_policy, make_verifier, outcome

BADGE_ISSUER = make_key_issuer("the badge's issuer")
ENDORSER = make_key_issuer("an endorser")
LONG = "x" * 90_000
WEB_ENDORSER = make_web_issuer("did:web:endorser.example", "web endorser", logs=())


def endorsement(by: Issuer = ENDORSER, **members: JsonValue) -> JsonObject:
    document: JsonObject = {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": "urn:uuid:0b3aef56-cc33-4d1b-8172-58172aacd8ba",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "In good standing",
        "issuer": {"id": by.did, "type": ["Profile"]},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "https://poly.example/", "type": ["EndorsementSubject"]},
        **members,
    }
    return sign(document, issuer=by)


def badge(*endorsements: JsonObject) -> JsonObject:
    document: JsonObject = {
        **unsigned_badge(),
        "issuer": {"id": BADGE_ISSUER.did, "type": ["Profile"]},
        "endorsement": cast("list[JsonValue]", list(endorsements)),
    }
    return sign(document, issuer=BADGE_ISSUER)


def verify(document: JsonObject, *, resolve: bool = False, issuers: tuple[Issuer, ...] = ()) -> Verdict:
    policy = default_policy()
    request = VerifyRequest(
        credential=canonicalize(document),
        policy=type(policy)(published_contract=policy.published_contract, profile=Profile.VC),
        resolve_did=resolve,
    )
    return make_verifier(chain=None, issuers=issuers).verify(request)


def about_endorsements(verdict: Verdict) -> list[str]:
    return [note for note in verdict.notes if "ndorsement" in note]


def test_an_endorsement_that_holds_is_told() -> None:
    verdict = verify(badge(endorsement()))

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert about_endorsements(verdict) == [
        f"The endorsement by {ENDORSER.did} (endorsement[0]) holds: Its issuer signed it."
    ]


def test_a_changed_endorsement_keeps_a_genuine_badge_from_being_valid() -> None:
    forged = {**endorsement(), "name": "In very good standing"}

    verdict = verify(badge(endorsement(), forged))

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.PASS, Reason.SIGNED)
    assert outcome(verdict, CheckId.FORM) == (Result.UNKNOWN, Reason.ENDORSEMENT_BROKEN)
    assert verdict.word is Word.INDETERMINATE
    assert any("(endorsement[1]) does not hold" in note for note in verdict.notes)


def test_an_endorsement_signed_by_somebody_else_is_forged() -> None:
    stranger = make_key_issuer("a stranger")
    document = {name: member for name, member in endorsement().items() if name != "proof"}

    verdict = verify(badge(sign(document, issuer=stranger)))

    assert outcome(verdict, CheckId.FORM) == (Result.UNKNOWN, Reason.ENDORSEMENT_BROKEN)


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (endorsement(validUntil="2026-02-01T00:00:00Z"), "was valid until 2026-02-01"),
        (endorsement(validFrom="2027-02-01T00:00:00Z"), "is valid from 2027-02-01"),
        ({name: member for name, member in endorsement().items() if name != "proof"}, "is not signed"),
    ],
)
def test_an_endorsement_out_of_force_or_unsigned_is_told_and_forges_nothing(made: JsonObject, word: str) -> None:
    verdict = verify(badge(made))

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert len(about_endorsements(verdict)) == 1
    assert "does not hold" in about_endorsements(verdict)[0]
    assert word in about_endorsements(verdict)[0]


def test_an_endorsement_of_a_suite_of_others_could_not_be_checked() -> None:
    made = endorsement()
    proof = made["proof"]
    first = cast("JsonObject", proof[0] if isinstance(proof, list) else proof)
    made["proof"] = [{**first, "cryptosuite": "eddsa-rdf-2022"}]

    verdict = verify(badge(made))

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert "could not be checked" in about_endorsements(verdict)[0]


def test_the_key_of_a_web_endorser_is_fetched_only_where_that_is_allowed() -> None:
    document = badge(endorsement(WEB_ENDORSER))

    assert "could not be checked" in about_endorsements(verify(document, issuers=(WEB_ENDORSER,)))[0]
    assert "holds" in about_endorsements(verify(document, resolve=True, issuers=(WEB_ENDORSER,)))[0]
    assert "could not be checked" in about_endorsements(verify(document, resolve=True))[0]


def test_only_some_endorsers_are_asked_for_their_keys() -> None:
    endorsers = tuple(make_web_issuer(f"did:web:e{n}.example", f"e{n}", logs=()) for n in range(MAX_ENDORSERS + 1))
    document = badge(*(endorsement(issuer, id=f"urn:a:{n}") for n, issuer in enumerate(endorsers)))

    words = about_endorsements(verify(document, resolve=True, issuers=endorsers))

    assert ["holds" in word for word in words] == [True] * MAX_ENDORSERS + [False]


@dataclass(slots=True, kw_only=True)
class SlowDids:
    """A resolver that takes half of the time there is for each."""

    known: KnownDids
    clock: FixedClock

    def resolve(self, did: str) -> ResolvedDid:
        """Return a document, later."""
        self.clock.moment += MAX_ENDORSERS_TIME / 2
        return self.known.resolve(did)


def test_endorsers_are_asked_for_their_keys_as_long_as_there_is_time() -> None:
    endorsers = tuple(make_web_issuer(f"did:web:e{n}.example", f"e{n}", logs=()) for n in range(3))
    document = badge(*(endorsement(issuer, id=f"urn:a:{n}") for n, issuer in enumerate(endorsers)))
    clock = FixedClock()
    known = KnownDids(documents={issuer.did: issuer.content for issuer in endorsers})
    gatherer = EndorsementGatherer(clock=clock, json_ld=json_ld(), did_resolver=SlowDids(known=known, clock=clock))

    found, notes = gatherer.gather(document, resolve=True)

    assert [item.signer is not None for item in found] == [True, True, False]
    assert notes == ()


def test_that_the_status_was_not_looked_at_is_told() -> None:
    entry: JsonObject = {
        "id": "https://a.example/status/1#7",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://a.example/status/1",
    }

    verdict = verify(badge(endorsement(credentialStatus=entry)))

    assert "Whether it was revoked was not looked at." in about_endorsements(verdict)[0]


def test_endorsements_inside_endorsements_are_found_too() -> None:
    inner = endorsement(id="urn:a:inner")
    outer = endorsement(issuer={"id": ENDORSER.did, "type": ["Profile"], "endorsement": [inner]})

    places = [found.where for found in find_endorsements(badge(outer))]

    assert places == ["endorsement[0]", "endorsement[0].issuer.endorsement[0]"]


def test_one_endorsement_need_not_stand_in_a_list() -> None:
    document: JsonObject = {**unsigned_badge(), "endorsement": endorsement()}

    assert [found.where for found in find_endorsements(document)] == ["endorsement"]


def test_more_endorsements_than_are_looked_at_are_told() -> None:
    document = badge(*(endorsement(id=f"urn:a:{n}") for n in range(MAX_ENDORSEMENTS + 3)))

    verdict = verify(document)

    assert len(find_endorsements(document)) == MAX_ENDORSEMENTS + 1
    assert f"Only the first {MAX_ENDORSEMENTS} endorsements were looked at." in verdict.notes
    assert sum("holds" in note for note in verdict.notes) == MAX_ENDORSEMENTS


def test_endorsements_one_inside_the_other_cost_no_more_than_side_by_side() -> None:
    inner = endorsement(credentialSubject={"id": "urn:a:b", "type": ["EndorsementSubject"], "endorsementComment": LONG})
    for number in range(8):
        inner = {**endorsement(id=f"urn:a:{number}"), "endorsement": [inner]}

    verdict = verify(badge(inner))

    looked_at = MAX_ENDORSED_BYTES // len(LONG)
    assert f"Only the first {looked_at} endorsements were looked at." in verdict.notes
    assert len(about_endorsements(verdict)) == looked_at + 1


def test_what_is_no_badge_has_no_endorsements() -> None:
    document: JsonObject = {"@context": ["https://www.w3.org/ns/credentials/v2"], "endorsement": endorsement()}

    assert find_endorsements(document) == ()
    assert find_endorsements({"@context": "x"}) == ()


def test_a_badge_whose_meaning_is_not_known_is_not_taken_to_pieces() -> None:
    document = badge(endorsement())
    document["@context"] = [*cast("list[JsonValue]", document["@context"]), "https://stranger.example/v1"]

    assert about_endorsements(verify(document)) == []


def test_the_moment_of_the_verdict_decides_whether_an_endorsement_is_in_force() -> None:
    assert datetime(2026, 1, 1, tzinfo=UTC) < NOW
    assert "holds" in about_endorsements(verify(badge(endorsement(validUntil="2030-01-01T00:00:00Z"))))[0]


def test_an_endorsement_that_means_nothing_on_its_own_could_not_be_checked() -> None:
    # As in the specification's own example: the third context stands in the badge alone.
    schema: JsonObject = {"id": "https://a.example/schema.json", "type": "1EdTechJsonSchemaValidator2019"}
    extended: JsonObject = {**unsigned_badge(), "issuer": {"id": BADGE_ISSUER.did, "type": ["Profile"]}}
    extensions = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
    extended["@context"] = [*cast("list[JsonValue]", extended["@context"]), extensions]
    extended["endorsement"] = [{**endorsement(), "credentialSchema": [schema]}]

    verdict = verify(sign(extended, issuer=BADGE_ISSUER))

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert "could not be checked" in about_endorsements(verdict)[0]


def test_an_endorsement_that_is_malformed_makes_the_badge_malformed() -> None:
    verdict = verify(badge(endorsement(validUntil="never")))

    assert outcome(verdict, CheckId.FORM) == (Result.FAIL, Reason.NOT_A_CREDENTIAL)
    assert "cannot be read" in about_endorsements(verdict)[0]


def test_what_stands_in_the_place_of_an_endorsement_and_is_none_is_not_looked_at() -> None:
    document: JsonObject = {**unsigned_badge(), "endorsement": [5, {"type": "Praise"}, endorsement()]}

    assert [found.where for found in find_endorsements(document)] == ["endorsement[2]"]


def test_a_did_key_endorser_needs_nobody_to_be_asked() -> None:
    assert "holds" in about_endorsements(verify(badge(endorsement()), resolve=True))[0]


def test_endorsements_that_are_tokens_are_told_not_to_be_judged() -> None:
    document: JsonObject = {**unsigned_badge(), "issuer": {"id": BADGE_ISSUER.did, "type": ["Profile"]}}
    document["endorsementJwt"] = ["eyJh.e30.c2ln"]

    verdict = verify(sign(document, issuer=BADGE_ISSUER))

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert about_endorsements(verdict) == ["Endorsements in the form of tokens (endorsementJwt) were not judged."]
