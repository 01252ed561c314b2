"""The demonstration: service and worker as processes, from a CSV file to an audit."""
