"""Auditors' programs: they need an RPC URL and published files, and no trust in the registry."""
