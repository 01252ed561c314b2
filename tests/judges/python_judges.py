"""The Python verifiers: openbadgeslib and openvc-core, with the status lists that they fetch over loopback."""

import json
from functools import lru_cache
from typing import Any, Final

import httpx
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.contexts import bundled_contexts
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from openvc.errors import OpenvcError
from openvc.verify import verify_credential

from registry.domain.canonical import JsonObject
from tests.judges.node_judge import Opinion
from tests.web_server import NO_AUTHORITIES

FETCH_SECONDS: Final = 30.0


def openbadgeslib_opinion(credential: JsonObject) -> Opinion:
    """Ask openbadgeslib, anchored to the issuer's DID, with the bit of the status list.

    The list's own signature it verifies in JWT form only; ours is an embedded proof, which the other judges verify.
    """
    try:
        verifier = OB3LdpVerifier.for_issuer_did(_issuer(credential))
        verifier.verify(credential, check_status=True, verify_status_list=False, download=_fetch)
    except LibOpenBadgesException as error:
        return Opinion(accepted=False, why=str(error))
    return Opinion(accepted=True, why="")


def openvc_opinion(credential: JsonObject) -> Opinion:
    """Ask openvc-core; the status list is verified by itself before its bit counts.

    It reads a proof that is an object: each proof of an array is put to it, and all must hold.
    """
    proofs = credential["proof"]
    try:
        for proof in proofs if isinstance(proofs, list) else [proofs]:
            verify_credential(
                {**credential, "proof": proof}, resolve_status_list=_verified_list, extra_contexts=bundled_contexts()
            )
    except OpenvcError as error:
        return Opinion(accepted=False, why=f"{type(error).__name__}: {error}")
    return Opinion(accepted=True, why="")


def _verified_list(url: str) -> dict[str, Any]:
    return _verified(_fetch(url))


@lru_cache
def _verified(content: bytes) -> dict[str, Any]:
    verified: dict[str, Any] = verify_credential(json.loads(content)).credential
    return verified


def _fetch(url: str, *_args: object, **_options: object) -> bytes:
    return httpx.get(url, trust_env=False, verify=NO_AUTHORITIES, timeout=FETCH_SECONDS).raise_for_status().content


def _issuer(credential: JsonObject) -> str:
    issuer = credential["issuer"]
    return str(issuer["id"] if isinstance(issuer, dict) else issuer)
