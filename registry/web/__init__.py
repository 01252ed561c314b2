"""The HTTP service: application, routers, schemas, problems and pages."""
