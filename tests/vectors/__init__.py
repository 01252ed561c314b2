"""Vectors of the proof protocol, and what makes them (README.md)."""
