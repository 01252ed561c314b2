"""eddsa-jcs-2022 (Data Integrity EdDSA Cryptosuites v1.0 section 3.3): the JSON itself is signed."""

from typing import Final

from registry.domain.cryptosuites.cryptosuite import DATA_INTEGRITY_PROOF, CanonicalForm, Cryptosuite
from registry.domain.multikey import KeyAlgorithm

SUITE: Final = Cryptosuite(
    name="eddsa-jcs-2022",
    proof_type=DATA_INTEGRITY_PROOF,
    canonical_form=CanonicalForm.JCS,
    algorithms=(KeyAlgorithm.ED25519,),
    issued=True,
)
