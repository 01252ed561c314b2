"""A thousand epochs under random faults and reorganisations: nothing lost, nothing doubled, and replayable by its seed."""
