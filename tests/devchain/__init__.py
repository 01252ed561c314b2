"""Tests of the room `devchain`."""
