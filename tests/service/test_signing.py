import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import find_problems
from registry.domain.errors import Malformed
from registry.ports import UnknownContext
from registry.service.signing import secure
from tests.adapters.json_ld_cases import copied, pinned_json_ld
from tests.badges import NOON, MemorySigner, unsigned_badge
from tests.paths import REPO_ROOT
from tests.proofs import signature_holds


def signed(document: JsonObject, signer: MemorySigner) -> JsonObject:
    return secure(
        document,
        signer=signer,
        json_ld=pinned_json_ld(),
        created=NOON,
        verification_method=signer.verification_method,
    )


def holds(document: JsonObject, signer: MemorySigner) -> bool:
    return signature_holds(
        document,
        public_key=signer.public_key,
        canonical_nquads=pinned_json_ld().canonical_nquads,
    )


@cache
def signed_badge() -> JsonObject:
    return signed(unsigned_badge(), MemorySigner())


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=60)
def test_any_text_in_a_claim_is_refused_or_signed_and_no_letter_of_it_can_change(text: str) -> None:
    signer = MemorySigner()
    document = unsigned_badge()
    subject = cast("JsonObject", document["credentialSubject"])
    subject["narrative"] = text
    if any(find_problems(text)):
        return

    secured = signed(document, signer)

    assert holds(secured, signer)
    for at in {0, len(text) // 2, len(text) - 1}:
        other = "y" if text[at] == "x" else "x"
        tampered = copied(secured)
        cast("JsonObject", tampered["credentialSubject"])["narrative"] = text[:at] + other + text[at + 1 :]
        assert not holds(tampered, signer)


def leaves(value: JsonValue, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for name, member in value.items() for leaf in leaves(member, (*path, name))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [path]


SIGNED_PATHS = [path for path in leaves(unsigned_badge()) if path[0] != "@context"]


@pytest.mark.parametrize("path", SIGNED_PATHS, ids=lambda path: ".".join(map(str, path)))
def test_no_value_of_a_badge_can_change_or_vanish_unseen(path: tuple[str | int, ...]) -> None:
    signer = MemorySigner()
    secured = signed_badge()

    def tampered(change: Callable[[Any], Any]) -> JsonObject:
        document = copied(secured)
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        replacement = change(place[path[-1]])
        if replacement is None:
            del place[path[-1]]
        else:
            place[path[-1]] = replacement
        return document

    for document in (tampered(_another), tampered(lambda _: None)):
        try:
            accepted = holds(document, signer)
        except (Malformed, UnknownContext):
            accepted = False
        assert not accepted


def _another(value: bool | float | str) -> bool | float | str:
    if isinstance(value, bool):
        return not value
    return value + "x" if isinstance(value, str) else value + 1


def test_openbadgeslib_verifies_a_badge_of_ours_and_refuses_a_changed_one() -> None:
    signer = MemorySigner()
    # The library goes by the clock: this badge has begun and never ends.
    lasting = {name: member for name, member in unsigned_badge().items() if name != "validUntil"}
    secured = signed(lasting, signer)
    tampered = copied(secured)
    cast("JsonObject", tampered["credentialSubject"])["narrative"] = "Worst of the cohort."

    assert _judged_by_openbadgeslib(secured) == "verified"
    assert _judged_by_openbadgeslib(tampered) == "refused"


def _judged_by_openbadgeslib(document: JsonObject) -> str:
    # In a process of its own: the library changes global state of PyLD when it is imported.
    program = (
        "import json, sys\n"
        "from openbadgeslib.ob3.ldp import OB3LdpVerifier\n"
        "from openbadgeslib.ob3.verifier import OB3VerificationError\n"
        "try:\n"
        "    OB3LdpVerifier().verify(json.load(sys.stdin), check_status=False)\n"
        "except OB3VerificationError as error:\n"
        "    print(error, file=sys.stderr)\n"
        "    print('refused')\n"
        "else:\n"
        "    print('verified')\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(document),
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()
