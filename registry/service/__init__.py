"""The use cases of the service, written against the domain and the ports."""
