"""The issuer console: pages for registrars over the API's own routes and use cases, for whoever is signed in."""
