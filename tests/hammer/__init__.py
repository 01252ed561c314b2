"""Everybody at once on one registry, while its processes die and its chain is reorganised: every answer is checked."""
