"""Bugs planted into the worker, each killed by a test that is named: `make mutants`."""
