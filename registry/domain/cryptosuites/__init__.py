"""The table of cryptosuites: which proofs are checked here, and which are made.

    eddsa-rdfc-2022        DataIntegrityProof      Ed25519         RDFC-1.0   made by default
    eddsa-jcs-2022         DataIntegrityProof      Ed25519         JCS        made on request
    ecdsa-rdfc-2019        DataIntegrityProof      P-256, P-384    RDFC-1.0   made on request
    ecdsa-jcs-2019         DataIntegrityProof      P-256, P-384    JCS        made on request
    Ed25519Signature2020   Ed25519Signature2020    Ed25519         RDFC-1.0   checked only

A suite that is not here is unknown: its proofs are neither forged nor fine.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from registry.domain.canonical import JsonValue
from registry.domain.cryptosuites import (
    ecdsa_jcs_2019,
    ecdsa_rdfc_2019,
    ed25519_signature_2020,
    eddsa_jcs_2022,
    eddsa_rdfc_2022,
)
from registry.domain.cryptosuites.cryptosuite import Cryptosuite
from registry.domain.errors import Malformed
from registry.domain.multikey import KeyAlgorithm

SUITES: Final[Mapping[str, Cryptosuite]] = MappingProxyType(
    {
        suite.name: suite
        for suite in (
            eddsa_rdfc_2022.SUITE,
            eddsa_jcs_2022.SUITE,
            ecdsa_rdfc_2019.SUITE,
            ecdsa_jcs_2019.SUITE,
            ed25519_signature_2020.SUITE,
        )
    }
)
DEFAULT_SUITES: Final = (eddsa_rdfc_2022.SUITE.name,)


def find_suite(proof: Mapping[str, JsonValue]) -> Cryptosuite | None:
    """Return the suite that a proof says it is of, None when it is not known here."""
    return next((suite for suite in SUITES.values() if suite.is_named_by(proof)), None)


def issued_suites(names: Sequence[str], algorithm: KeyAlgorithm) -> tuple[Cryptosuite, ...]:
    """Return the suites of these names, in their order, for a key of an algorithm.

    Raises Malformed `suite-unsupported` for no name, one that stands twice, and a suite that is not made here or that
    does not fit the key.
    """
    if not names or len(set(names)) != len(names):
        raise Malformed("suite-unsupported", "expected the name of a cryptosuite, or several, each once")
    suites = [SUITES[name] for name in names if name in SUITES and SUITES[name].issued]
    if len(suites) != len(names):
        known = ", ".join(suite.name for suite in SUITES.values() if suite.issued)
        raise Malformed("suite-unsupported", f"expected of {known}, got {', '.join(names)}")
    for suite in suites:
        if algorithm not in suite.algorithms:
            raise Malformed("suite-unsupported", f"expected a key for {suite.name}, got one of {algorithm}")
    return tuple(suites)


def key_algorithm(names: Sequence[str], *, wanted: KeyAlgorithm | None = None) -> KeyAlgorithm:
    """Return the algorithm of the key that can make proofs of these suites: the one wanted, or the first that fits all.

    Raises Malformed `suite-unsupported` as `issued_suites`, and for suites that no one key can make.
    """
    if wanted is not None:
        issued_suites(names, wanted)
        return wanted
    algorithms = SUITES[names[0]].algorithms if names and names[0] in SUITES else tuple(KeyAlgorithm)
    # The first suite's first algorithm is the one that everybody reads.
    issued_suites(names, algorithms[0])
    return algorithms[0]


def fitting_suite(algorithm: KeyAlgorithm, *, preferred: Sequence[str]) -> str:
    """Return the suite that one proof by a key is made with: the first preferred one that takes it, else the first.

    Raises Malformed `suite-unsupported` for a key that no suite takes.
    """
    for name in (*preferred, *SUITES):
        if name in SUITES and SUITES[name].issued and algorithm in SUITES[name].algorithms:
            return name
    raise Malformed("suite-unsupported", f"expected a key that a suite takes, got one of {algorithm}")
