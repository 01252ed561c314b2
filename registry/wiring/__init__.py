"""The composition root: adapters chosen and put together, for the service and for verifiers on their own."""
