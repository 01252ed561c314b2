"""Blank node labels by SHA-384, for P-384 keys (Data Integrity ECDSA Cryptosuites v1.0 section 3).

RDFC-1.0 names blank nodes by hashes of what surrounds them; under a P-384 key these are SHA-384, so the labels, and with
them the order of the lines, may differ. The algorithm does not look at the labels it is given: what was canonicalized with
SHA-256 is canonicalized again.
"""

import pyoxigraph


def label_by_sha384(nquads: bytes) -> bytes:
    """Return canonical N-Quads with the labels that RDFC-1.0 gives with SHA-384."""
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(nquads, pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0_SHA_384)
    return b"".join(sorted(f"{quad} .\n".encode() for quad in dataset))
