"""Every change of one character of a signed document's text, as far as it stays JSON: forged, or nothing changed.

    python -m tests.attacks.character_changes        thirty documents, every position: about twenty minutes on two cores

At each position one character is left out, replaced or put in; with what is chosen so that every part of JSON is met:
digits, letters, quotes, escapes, blanks, structure, and characters outside ASCII. A change after which two parsers of
JSON could still agree with the original (blanks, other spellings of the same number or string) has the same canonical
form, and nothing else has.
"""

import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from eth_utils.crypto import keccak

from registry.adapters.artifacts import load_artifact
from registry.adapters.clock import SystemClock
from registry.adapters.did_resolver import WebDidResolver
from registry.adapters.guarded_fetch import FetchSettings
from registry.adapters.shaped_json_ld import open_json_ld
from registry.domain.canonical import canonicalize
from registry.domain.errors import Malformed
from registry.domain.evidence import KnownContract, Policy, Profile
from registry.domain.leaf import leaf_of_document
from registry.domain.multikey import KeyAlgorithm
from registry.domain.verdict import Word
from registry.service.proving import Receipts
from registry.service.verifying import Verifier, VerifyRequest
from registry.store_ports import DidMethod
from tests.judges.cohort import badge_body, issue_badge
from tests.registry_world import World, migrated_world

SUBSTITUTES: Final = ("0", "a", '"', "\\", " ", "𝔘")
INSERTED: Final = ("1", "x", " ", '"')
DOCUMENTS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A document in canonical form, and its receipt."""

    document: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Suites that a document is signed with, and the key."""

    suites: tuple[str, ...]
    algorithm: KeyAlgorithm = KeyAlgorithm.ED25519


SIGNINGS: Final = (
    Signing(suites=("eddsa-rdfc-2022",)),
    Signing(suites=("eddsa-jcs-2022",)),
    Signing(suites=("eddsa-rdfc-2022", "eddsa-jcs-2022")),
    Signing(suites=("ecdsa-rdfc-2019",), algorithm=KeyAlgorithm.P256),
    Signing(suites=("ecdsa-rdfc-2019",), algorithm=KeyAlgorithm.P384),
    Signing(suites=("ecdsa-jcs-2019",), algorithm=KeyAlgorithm.P384),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one character."""

    position: int
    how: str
    text: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of changes."""

    changes: int = 0
    no_json: int = 0
    unchanged: int = 0
    """The canonical form is the original's."""
    invalid: int = 0
    """By the document alone: its form, its meaning or its signature."""
    by_leaf_alone: int = 0
    """Where a name became one that is not known here, such as that of a suite or a context: the document alone could
    not be checked, or has another proof that holds; that it is not the anchored one shows all the same."""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add what became of others."""
        self.changes += other.changes
        self.no_json += other.no_json
        self.unchanged += other.unchanged
        self.invalid += other.invalid
        self.by_leaf_alone += other.by_leaf_alone
        self.wrong += other.wrong


def signed_documents(world: World, count: int = DOCUMENTS) -> list[Anchored]:
    """Issue and anchor badges of many shapes, signed with every suite and key that is issued."""
    turns = itertools.islice(itertools.cycle(SIGNINGS), count)
    orders = [(signing, number) for number, signing in enumerate(turns)]
    issuers = {
        signing: world.add_issuer(f"signing-{number}", DidMethod.KEY, signing.suites, signing.algorithm)
        for number, signing in enumerate(SIGNINGS)
    }
    badges = [
        issue_badge(world, issuers[signing], world.add_achievement(issuers[signing], **badge_body(number)), number)
        for signing, number in orders
    ]
    world.anchor()
    receipts = Receipts(world.store)
    return [
        Anchored(
            document=canonicalize(badge), receipt=canonicalize(receipts.of_leaf(leaf_of_document(badge)).to_json())
        )
        for badge in badges
    ]


def changes_at(text: str, position: int) -> Iterator[Change]:
    """Change the character at a position in every way, and put one in before it."""
    before, here, after = text[:position], text[position], text[position + 1 :]
    yield Change(position=position, how="left out", text=before + after)
    near = {chr(ord(here) + 1), chr(ord(here) - 1), here.swapcase()}
    for other in sorted({*SUBSTITUTES, *near} - {here}):
        if len(other) == 1 and not "\ud800" <= other <= "\udfff":
            yield Change(position=position, how=f"became {other!r}", text=before + other + after)
    for other in INSERTED:
        yield Change(position=position, how=f"got {other!r} before it", text=before + other + here + after)


def judge_changes(anchored: Anchored, changes: Iterator[Change]) -> Tally:
    """Say what became of changes of a document."""
    original = anchored.document
    tally = Tally()
    for change in changes:
        tally.changes += 1
        try:
            value = json.loads(change.text)
        except ValueError:
            tally.no_json += 1
            continue
        if _canonical(value) == original:
            tally.unchanged += 1
            continue
        if _word(change.text, None) is Word.INVALID:
            tally.invalid += 1
        elif _word(change.text, anchored.receipt) is Word.INVALID:
            tally.by_leaf_alone += 1
        else:
            tally.wrong.append(f"{change.position} {change.how}: {change.text[:4000]}")
    return tally


def _word(text: str, receipt: bytes | None) -> Word:
    policy = _policy(Profile.VC if receipt is None else Profile.CREDROOT)
    return _verifier().verify(VerifyRequest(credential=text.encode(), receipt=receipt, policy=policy)).word


def _canonical(value: object) -> bytes | None:
    try:
        return canonicalize(value) if isinstance(value, dict) else None
    except Malformed:
        return None


@cache
def _verifier() -> Verifier:
    return Verifier(
        clock=SystemClock(),
        json_ld=open_json_ld(),
        did_resolver=WebDidResolver(FetchSettings()),
        chain=None,
        published=None,
        keccak=keccak,
    )


@cache
def _policy(profile: Profile) -> Policy:
    artifact = load_artifact()
    contract = KnownContract(address=artifact.address, code_hash=artifact.runtime_code_hash)
    return Policy(published_contract=contract, profile=profile)


def every_change(anchored: Anchored) -> Iterator[Change]:
    """Make every change at every position of a document."""
    text = anchored.document.decode()
    return (change for position in range(len(text)) for change in changes_at(text, position))


def judge_every_change(anchored: Anchored) -> Tally:
    """Judge every change at every position of a document."""
    return judge_changes(anchored, every_change(anchored))


def _main(documents: Sequence[Anchored]) -> int:
    found = Tally()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for number, tally in enumerate(pool.map(judge_every_change, documents), 1):
            found.add(tally)
            sys.stdout.write(f"{number} documents: {_shown(found)}\n")
            sys.stdout.flush()
    for wrong in found.wrong[:20]:
        sys.stdout.write(f"WRONG {wrong}\n")
    return 1 if found.wrong else 0


def _shown(tally: Tally) -> str:
    return (
        f"{tally.changes:,} changes, {tally.no_json:,} no JSON, {tally.unchanged:,} canonical form unchanged, "
        f"{tally.invalid:,} invalid, {tally.by_leaf_alone:,} invalid by the leaf alone, {len(tally.wrong)} wrong"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="credroot-changes-") as folder, migrated_world(Path(folder)) as opened:
        anchored = signed_documents(opened)
    sys.exit(_main(anchored))
