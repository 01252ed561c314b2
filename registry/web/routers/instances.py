"""What a server for interoperability tests signs with: one issuer a way of signing."""

from fastapi import APIRouter, Depends

from registry.web.requests import Wired, known_parameters_of
from registry.web.vc_schemas import InstanceView

router = APIRouter(tags=["vc-api"], dependencies=[Depends(known_parameters_of)])


@router.get("/instances")
def get_instances(container: Wired) -> list[InstanceView]:
    """List the issuers of a server for interoperability tests, with what each signs with and where."""
    url = container.resources.public_url
    with container.resources.store.read() as unit:
        issuers = unit.issuers.page(after=None, limit=100)
        return [
            InstanceView(
                name=issuer.slug,
                did=issuer.did,
                cryptosuites=issuer.cryptosuites,
                verification_method=unit.issuers.active_key(issuer.id).verification_method,
                issue=f"{url}/issuers/{issuer.slug}/credentials/issue",
            )
            for issuer in issuers
        ]
