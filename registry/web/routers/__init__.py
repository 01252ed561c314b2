"""Routers: one resource each."""
