"""eddsa-rdfc-2022 (Data Integrity EdDSA Cryptosuites v1.0 section 3.2): what Open Badges certification asks for."""

from typing import Final

from registry.domain.cryptosuites.cryptosuite import DATA_INTEGRITY_PROOF, CanonicalForm, Cryptosuite
from registry.domain.multikey import KeyAlgorithm

SUITE: Final = Cryptosuite(
    name="eddsa-rdfc-2022",
    proof_type=DATA_INTEGRITY_PROOF,
    canonical_form=CanonicalForm.RDFC,
    algorithms=(KeyAlgorithm.ED25519,),
    issued=True,
)
