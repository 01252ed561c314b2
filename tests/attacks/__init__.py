"""Attacks on the verdict: forged evidence, lying mirrors and nodes, costly documents, random changes."""
