"""Documents made to be read in two ways, or not to be read at all."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.evidence import Profile
from registry.domain.verdict import Word
from tests.plain_case import Case
from tests.verdicts import default_policy, outcome

VC: str = "https://www.w3.org/ns/credentials/v2"
FORM: CheckId = CheckId.FORM


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"{}x",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"a": 1e400}',
        b'{"a": -1e400}',
        b'{"a": NaN}',
        b'{"a": 9007199254740992}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b"a.b",
        b"a.b.c.d",
    ],
    ids=lambda content: repr(content[:24]),
)
def test_what_is_no_i_json_object_is_no_credential(content: bytes) -> None:
    verdict = Case().verify(document=content)

    assert verdict.word is Word.INVALID
    assert outcome(verdict, FORM) == (Result.FAIL, Reason.NOT_JSON)


def test_a_credential_inside_an_array_is_no_credential() -> None:
    case = Case()

    verdict = case.verify(document=b"[" + case.issued.content + b"]")

    assert outcome(verdict, FORM) == (Result.FAIL, Reason.NOT_JSON)


@pytest.mark.parametrize(
    "content",
    [
        b"eyJh.eyJi.c2ln",
        b"eyJh.eyJi.c2ln~ZGlz~",
        canonicalize(
            {"@context": [VC], "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,a.b.c"}
        ),
        canonicalize({"type": ["EnvelopedVerifiableCredential"], "id": "data:application/vc+sd-jwt,a.b.c~d~"}),
    ],
    ids=["jwt", "sd-jwt", "enveloped", "enveloped-list"],
)
def test_a_token_is_told_apart_from_a_forgery_however_it_is_wrapped(content: bytes) -> None:
    verdict = Case().verify(document=content)

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, FORM) == (Result.UNKNOWN, Reason.TOKEN_UNSUPPORTED)
    assert not any(check.result is Result.PASS for check in verdict.checks)


def test_an_envelope_around_a_signed_credential_hides_nothing() -> None:
    case = Case()
    both: JsonObject = {**case.issued.document, "type": ["VerifiableCredential", "EnvelopedVerifiableCredential"]}

    verdict = case.verify(document=canonicalize(both))

    assert verdict.word is Word.INVALID


def test_a_presentation_is_no_credential() -> None:
    case = Case()
    presentation: JsonObject = {
        "@context": [VC],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [case.issued.document],
    }

    verdict = case.verify(document=canonicalize(presentation))

    assert outcome(verdict, FORM) == (Result.FAIL, Reason.NOT_A_CREDENTIAL)


def _subject(document: JsonObject, members: JsonObject) -> JsonObject:
    subject = document["credentialSubject"]
    assert isinstance(subject, dict)
    return {**document, "credentialSubject": {**subject, **members}}


CONTEXTS: dict[str, Callable[[JsonObject], JsonObject]] = {
    "object": lambda it: {**it, "@context": [VC, {"name": "https://evil.example/name"}]},
    "vocab": lambda it: {**it, "@context": [VC, {"@vocab": "https://evil.example/"}]},
    "unknown-url": lambda it: {**it, "@context": [VC, "https://evil.example/context"]},
    "known-url-more": lambda it: {
        **it,
        "@context": [VC, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
    },
    "twice": lambda it: {**it, "@context": [VC, VC]},
    "text": lambda it: {**it, "@context": VC},
    "null": lambda it: {**it, "@context": [VC, None]},
    "none": lambda it: {name: member for name, member in it.items() if name != "@context"},
    "inner": lambda it: _subject(it, {"@context": {"name": "https://evil.example/name"}}),
    "inner-null": lambda it: _subject(it, {"@context": None}),
    "id-alias": lambda it: _subject(it, {"@id": "urn:example:other"}),
    "iri-term": lambda it: _subject(it, {"https://schema.org/name": "Eve"}),
    "undefined": lambda it: _subject(it, {"secretGrade": "A"}),
    "null-claim": lambda it: _subject(it, {"description": None}),
    "empty-claim": lambda it: _subject(it, {"description": []}),
    "graph": lambda it: {**it, "@graph": [{"id": "urn:example:other"}]},
    "included": lambda it: {**it, "@included": [{"id": "urn:example:other"}]},
    "reverse": lambda it: {**it, "@reverse": {"https://schema.org/name": {"id": "urn:x:1"}}},
}


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in CONTEXTS.items()])
def test_no_game_with_contexts_and_keywords_makes_a_changed_document_valid(
    change: Callable[[JsonObject], JsonObject],
) -> None:
    case = Case()

    verdict = case.verify(document=canonicalize(change(case.issued.document)))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LEAF) == (Result.FAIL, Reason.LEAF_DIFFERS)


@pytest.mark.parametrize("name", sorted(CONTEXTS))
def test_no_such_game_is_valid_in_the_profile_that_compares_no_leaf(name: str) -> None:
    case = Case()

    verdict = case.verify(
        document=canonicalize(CONTEXTS[name](case.issued.document)),
        policy=replace(default_policy(), profile=Profile.VC),
    )

    assert verdict.word is not Word.VALID


@pytest.mark.parametrize(
    "change",
    [
        lambda it: {**it, "type": ["VerifiableCredential", "VerifiableCredential"]},
        lambda it: {**it, "type": "VerifiableCredential"},
        lambda it: {**it, "credentialStatus": [it["credentialStatus"]]},
        lambda it: {**it, "issuer": {"id": it["issuer"]}},
        lambda it: {**it, "credentialSubject": [it["credentialSubject"]]},
        lambda it: {**it, "validFrom": "2026-11-01T00:00:00+00:00"},
        lambda it: {**it, "validFrom": "2026-11-01T00:00:00.0Z"},
    ],
    ids=["type-twice", "type-text", "status-list", "issuer-object", "subject-list", "offset", "fraction"],
)
def test_another_spelling_of_the_same_claims_is_another_leaf(change: Callable[[JsonObject], JsonObject]) -> None:
    case = Case()

    verdict = case.verify(document=canonicalize(change(case.issued.document)))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LEAF) == (Result.FAIL, Reason.LEAF_DIFFERS)


def test_another_order_of_members_and_white_space_is_the_same_document() -> None:
    case = Case()
    backwards = dict(reversed(case.issued.document.items()))
    spaced = repr(backwards).replace("'", '"').encode()

    assert case.verify(document=b" \n" + spaced + b"\t").word is Word.VALID


@pytest.mark.parametrize("character", ["\u200b", "\u200d", "\u2060", "\ufeff", "\u0301", "\u202e", "\u00a0", "\u0430"])
@pytest.mark.parametrize("member", ["id", "issuer", "validFrom"])
def test_a_character_that_cannot_be_seen_makes_it_another_document(member: str, character: str) -> None:
    case = Case()

    verdict = case.verify(
        document=canonicalize({**case.issued.document, member: f"{case.issued.document[member]}{character}"})
    )

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LEAF)[0] is Result.FAIL
