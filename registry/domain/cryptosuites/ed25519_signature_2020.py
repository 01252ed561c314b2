"""Ed25519Signature2020 (Data Integrity EdDSA Cryptosuites v1.0 section 3.4): older credentials; never made here."""

from typing import Final

from registry.domain.cryptosuites.cryptosuite import CanonicalForm, Cryptosuite
from registry.domain.multikey import KeyAlgorithm

SUITE: Final = Cryptosuite(
    name="Ed25519Signature2020",
    proof_type="Ed25519Signature2020",
    canonical_form=CanonicalForm.RDFC,
    algorithms=(KeyAlgorithm.ED25519,),
    issued=False,
)
