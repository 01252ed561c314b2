"""Faults: what may break around the worker, broken on purpose, one thing at a time."""
