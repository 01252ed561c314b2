"""The anchoring worker: one process, one chain account, from waiting credentials to final anchors."""
