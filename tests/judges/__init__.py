"""Verifiers and issuers nobody here wrote: what we issue they accept, what they issue we verify."""
