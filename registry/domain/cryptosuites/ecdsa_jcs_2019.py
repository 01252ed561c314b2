"""ecdsa-jcs-2019 (Data Integrity ECDSA Cryptosuites v1.0 section 3.3), over P-256 and P-384."""

from typing import Final

from registry.domain.cryptosuites.cryptosuite import DATA_INTEGRITY_PROOF, CanonicalForm, Cryptosuite
from registry.domain.multikey import KeyAlgorithm

SUITE: Final = Cryptosuite(
    name="ecdsa-jcs-2019",
    proof_type=DATA_INTEGRITY_PROOF,
    canonical_form=CanonicalForm.JCS,
    algorithms=(KeyAlgorithm.P256, KeyAlgorithm.P384),
    issued=True,
)
