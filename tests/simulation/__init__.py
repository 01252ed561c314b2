"""Hours of operation in a minute: a real node whose blocks carry the time that a test gives them, a worker that goes by it."""
