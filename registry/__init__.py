"""A credential registry whose every fact is one Merkle path to one Ethereum transaction."""
