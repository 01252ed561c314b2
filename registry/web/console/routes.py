"""Every route of the console."""

from typing import Final

from fastapi import APIRouter

from registry.web.console import achievements, credentials, keys, overview, sign_in, upload_files, uploads

PARTS: Final = (sign_in, overview, achievements, uploads, upload_files, credentials, keys)

router = APIRouter(include_in_schema=False)
for part in PARTS:
    router.include_router(part.router)
