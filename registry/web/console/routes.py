"""Every route of the console."""

from typing import Final

from fastapi import APIRouter

from registry.web.console import (
    achievements,
    audit,
    credentials,
    earners,
    keys,
    mappings,
    overview,
    reissuing,
    sign_in,
    upload_files,
    uploads,
)

# What is named `/credentials/expiring` or `.../supersede` stands before what has a name of its own there.
PARTS: Final = (
    *(sign_in, overview, achievements, mappings, uploads, upload_files),
    *(reissuing, earners, credentials, keys, audit),
)

router = APIRouter(include_in_schema=False)
for part in PARTS:
    router.include_router(part.router)
