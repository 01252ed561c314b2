"""What must be refused for the document alone: no slot, no signature, another's signature."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from registry.domain.canonical import JsonObject
from registry.domain.check import CheckId, Reason, Result
from registry.domain.did import PublishedKey, issuer_document
from registry.domain.leaf import leaf_of_document
from registry.domain.verdict import Word
from tests.epochs import make_signer, sign
from tests.vectors.rogue import Rogue, unsecured
from tests.vectors.scene import Scene
from tests.vectors.vector import Json, Vector, changed, compact

FORM_FAILED: Final = (Result.UNKNOWN, Reason.FORM_FAILED)
WITHOUT_SLOT: Final = {
    CheckId.INCLUSION: FORM_FAILED,
    CheckId.ANCHOR: FORM_FAILED,
    CheckId.REVOCATION: FORM_FAILED,
    CheckId.SUSPENSION: FORM_FAILED,
    CheckId.ISSUER: FORM_FAILED,
    CheckId.FINALITY: (Result.UNKNOWN, Reason.CHAIN_UNREACHABLE),
}
"""What cannot be asked of a credential that names no log."""

INDEXES: Final[dict[str, Any]] = {
    "plus": "+70000",
    "leading-zero": "070000",
    "out-of-range": "131072",
    "arabic-digits": "٧٠٠٠٠",
    "space-before": " 70000",
    "space-after": "70000 ",
    "line-end-after": "70000\n",
    "underscore": "70_000",
    "exponent": "7e4",
    "fraction": "70000.0",
    "minus-zero": "-0",
    "empty": "",
    "number": 70_000,
}

URLS: Final = {
    "list-leading-zero": ("/1048574", "/01048574"),
    "list-out-of-range": ("/1048574", "/1048576"),
    "list-eight-digits": ("/1048574", "/10485740"),
    "list-missing": ("/1048574", "/"),
    "list-arabic-digits": ("/1048574", "/١"),
    "trailing-slash": ("/1048574", "/1048574/"),
    "query": ("/1048574", "/1048574?"),
    "fragment": ("/1048574", "/1048574#70000"),
    "percent-encoded": ("eip155:", "eip155%3A"),
    "upper-case-contract": ("7c7c", "7C7C"),
    "short-contract": ("0x7c", "0x"),
    "chain-leading-zero": ("eip155:31337", "eip155:031337"),
    "log-zero": ("7c/1/", "7c/0/"),
    "log-leading-zero": ("7c/1/", "7c/01/"),
    "http": ("https://", "http://"),
    "other-scheme": ("https://", "ftp://"),
    "purpose-of-the-other-list": ("/revocation/", "/suspension/"),
    "upper-case-purpose": ("/revocation/", "/Revocation/"),
}


def bad_documents(scene: Scene, rogue: Rogue) -> Iterator[Vector]:
    """Yield every document that must be refused."""
    yield from _bad_indexes(scene)
    yield from _bad_urls(scene)
    yield from _bad_entries(scene)
    yield from _bad_texts(scene)
    yield from _bad_signatures(scene, rogue)
    yield from _bad_keys(rogue)


def _bad_indexes(scene: Scene) -> Iterator[Vector]:
    for name, index in INDEXES.items():
        document = _unsigned(scene)
        for entry in document["credentialStatus"]:
            entry["statusListIndex"] = index
        yield _without_slot(scene, f"index-{name}", f"statusListIndex {index!r} in both entries", document)


def _bad_urls(scene: Scene) -> Iterator[Vector]:
    for name, (old, new) in URLS.items():
        document = _unsigned(scene)
        entry = document["credentialStatus"][0]
        entry["statusListCredential"] = entry["statusListCredential"].replace(old, new, 1)
        told = f"the status URL of the revocation entry: {new!r} for {old!r}"
        yield _without_slot(scene, f"url-{name}", told, document)


def _bad_entries(scene: Scene) -> Iterator[Vector]:
    revocation, suspension = _unsigned(scene)["credentialStatus"]
    url = suspension["statusListCredential"]
    lists: dict[str, tuple[str, Any]] = {
        "suspension-only": ("no entry of purpose revocation", [suspension]),
        "other-purpose-only": ("an entry of purpose message only", [{**revocation, "statusPurpose": "message"}]),
        "revocation-twice": (
            "two entries of purpose revocation",
            [revocation, {**revocation, "statusListIndex": "1"}],
        ),
        "suspension-twice": (
            "two entries of purpose suspension",
            [revocation, suspension, {**suspension, "statusListIndex": "1"}],
        ),
        "indexes-differ": ("the two entries name two indexes", [revocation, {**suspension, "statusListIndex": "1"}]),
        "lists-differ": (
            "the two entries name two lists",
            [revocation, {**suspension, "statusListCredential": url.replace("/1048574", "/1048573")}],
        ),
        "logs-differ": (
            "the two entries name two logs",
            [revocation, {**suspension, "statusListCredential": url.replace("7c/1/", "7c/2/")}],
        ),
        "size-two": ("statusSize 2", [{**revocation, "statusSize": 2}]),
        "size-text": ('statusSize "1"', [{**revocation, "statusSize": "1"}]),
        "no-index": ("no statusListIndex", [{k: v for k, v in revocation.items() if k != "statusListIndex"}]),
        "no-url": ("no statusListCredential", [{k: v for k, v in revocation.items() if k != "statusListCredential"}]),
    }
    for name, (told, entries) in lists.items():
        document = _unsigned(scene)
        document["credentialStatus"] = entries
        yield _without_slot(scene, f"status-entries-{name}", told, document)
    document = _unsigned(scene)
    del document["credentialStatus"]
    yield _without_slot(scene, "status-entries-absent", "no credentialStatus", document)


def _bad_texts(scene: Scene) -> Iterator[Vector]:
    issued = scene.named["of five, 2"]
    text, receipt = compact(issued.document), scene.world.receipt(issued).to_json()
    spellings = {
        "duplicate-name": ("a member stands twice, with one value", text.replace("{", '{"id":"urn:x:1","id":"urn:x:1",', 1)),
        "lone-surrogate": ("half of a surrogate pair in a name", text.replace("Person 2", "Person \\ud800", 1)),
        "large-integer": ("the integer 2^53", text.replace("{", '{"n":9007199254740992,', 1)),
        "large-integer-as-double": ("2^53 with an exponent: its canonical form is an integer", text.replace("{", '{"n":9.007199254740992e15,', 1)),
        "overflow": ("a number beyond every double", text.replace("{", '{"n":1e400,', 1)),
        "not-a-number": ("NaN, which is no JSON", text.replace("{", '{"n":NaN,', 1)),
        "byte-order-mark": ("a byte order mark before the document", "\ufeff" + text),
        "trailing-text": ("a second value after the document", text + "{}"),
        "array": ("the document inside an array", f"[{text}]"),
        "too-deep": ("65 arrays inside each other", text.replace("{", '{"n":' + "[" * 65 + "]" * 65 + ",", 1)),
    }  # fmt: skip
    also = {
        **WITHOUT_SLOT,
        CheckId.SIGNATURE: FORM_FAILED,
        CheckId.ISSUER: (Result.UNKNOWN, Reason.NO_KEY),
        CheckId.LEAF: FORM_FAILED,
        CheckId.VALIDITY: FORM_FAILED,
    }
    for name, (told, spelling) in spellings.items():
        yield Vector(
            name=f"not-i-json-{name}",
            description=told,
            document=spelling,
            receipt=receipt,
            word=Word.INVALID,
            check=CheckId.FORM,
            result=Result.FAIL,
            reason=Reason.NOT_JSON,
            also=also,
        )


def _bad_signatures(scene: Scene, rogue: Rogue) -> Iterator[Vector]:
    issued = scene.named["of five, 2"]
    document = changed(issued.document)
    document["credentialSubject"]["name"] = "Qerson 2"
    yield Vector(
        name="tampered-claim",
        description="one letter of the name, after signing",
        document=document,
        receipt=scene.world.receipt(issued).to_json(),
        word=Word.INVALID,
        check=CheckId.SIGNATURE,
        result=Result.FAIL,
        reason=Reason.SIGNATURE_MISMATCH,
        also=_another_leaf(),
    )
    document = changed(issued.document)
    document["proof"].append({**document["proof"][0], "cryptosuite": "bbs-2023"})
    yield Vector(
        name="second-proof-added",
        description="a proof of an unknown kind appended: the first still fits, and the leaf covers all proofs",
        document=document,
        receipt=scene.world.receipt(issued).to_json(),
        word=Word.INVALID,
        check=CheckId.LEAF,
        result=Result.FAIL,
        reason=Reason.LEAF_DIFFERS,
        also={CheckId.INCLUSION: (Result.FAIL, Reason.PATH_LEADS_ELSEWHERE)},
    )
    sealed = {
        "signed by a stranger": (CheckId.SIGNATURE, Reason.SIGNATURE_MISMATCH, {}),
        "dropped term": (
            CheckId.FORM,
            Reason.NOT_JSON_LD,
            {CheckId.SIGNATURE: (Result.UNKNOWN, Reason.NOT_JSON_LD)},
        ),
        "unsigned": (CheckId.SIGNATURE, Reason.NO_PROOF, {CheckId.ISSUER: (Result.UNKNOWN, Reason.NO_KEY)}),
        "signed under another name": (
            CheckId.ISSUER,
            Reason.KEY_NOT_LISTED,
            {CheckId.SIGNATURE: (Result.UNKNOWN, Reason.NO_KEY)},
        ),
    }
    for name, (check, reason, also) in sealed.items():
        yield Vector(
            name=f"sealed-{name.replace(' ', '-')}",
            description=f"{name}, and anchored all the same",
            document=rogue.documents[name].document,
            receipt=rogue.receipt(name).to_json(),
            word=Word.INVALID,
            check=check,
            result=Result.FAIL,
            reason=reason,
            also=also,
        )


def _bad_keys(rogue: Rogue) -> Iterator[Vector]:
    """The issuer's DID document has changed since; the receipt has the one of the time of sealing."""
    genuine, logs = rogue.documents["genuine"], [rogue.world.log]
    own, other = genuine.issuer.signer.public_key, make_signer("vectors: stranger").public_key
    before = rogue.world.epochs[0].manifest.anchor.block_time - timedelta(days=1)
    table = (
        ("key-withdrawn", "the key is gone", PublishedKey(fragment="key-2", public_key=other),
         Word.INDETERMINATE, Result.UNKNOWN, Reason.KEY_WITHDRAWN),
        ("key-replaced", "another key has its name", PublishedKey(fragment="key-1", public_key=other),
         Word.INDETERMINATE, Result.UNKNOWN, Reason.KEY_WITHDRAWN),
        ("key-ended", "the key was revoked a day before the credential was anchored",
         PublishedKey(fragment="key-1", public_key=own, revoked=before), Word.INVALID, Result.FAIL, Reason.KEY_ENDED),
    )  # fmt: skip
    for name, told, key, word, result, reason in table:
        yield Vector(
            name=name,
            description=f"in the issuer's DID document as it is now, {told}",
            document=genuine.document,
            receipt=rogue.receipt("genuine").to_json(),
            word=word,
            check=CheckId.ISSUER,
            result=result,
            reason=reason,
            did_document=issuer_document(genuine.issuer.did, keys=[key], logs=logs),
        )


def _another_leaf() -> dict[CheckId, tuple[Result, Reason]]:
    return {
        CheckId.LEAF: (Result.FAIL, Reason.LEAF_DIFFERS),
        CheckId.INCLUSION: (Result.FAIL, Reason.PATH_LEADS_ELSEWHERE),
    }


def _unsigned(scene: Scene) -> Json:
    return changed(unsecured(scene.named["of five, 2"].document))


def _without_slot(scene: Scene, name: str, told: str, document: JsonObject) -> Vector:
    issued = scene.named["of five, 2"]
    signed = sign(document, issuer=scene.arts)
    # The receipt is for this very document: its missing slot is all that is wrong with it.
    receipt = {**scene.world.receipt(issued).to_json(), "leaf": leaf_of_document(signed).hex()}
    return Vector(
        name=name,
        description=told,
        document=signed,
        receipt=receipt,
        word=Word.INVALID,
        check=CheckId.FORM,
        result=Result.FAIL,
        reason=Reason.NO_SLOT,
        also=WITHOUT_SLOT,
    )
