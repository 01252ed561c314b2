"""Tests of the room `anchor_worker`."""
