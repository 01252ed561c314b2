"""The doctor: looks at everything a registry needs, changes nothing, and says what to do."""
