"""Every route of the API with who may call it, and what a call of it needs. `test_tenants` calls them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import update

from registry.adapters import tables
from registry.domain.canonical import JsonObject
from registry.service.claiming import ClaimOrder, order_claim
from registry.service.mappings import save_mapping
from registry.service.upload_issuing import run
from registry.service.uploads import start
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord, Role, UploadRecord
from registry.web.vc_examples import UNSIGNED
from tests.registry_world import BODY, MAX_UPLOAD_BYTES, World

PREFIX: Final = "/v1/issuers/{slug}"
CSV: Final = b"recipient_email,recipient_name,issued_on,grade\r\n%b@example.org,A,2026-05-29,A\r\n"
FORBIDDEN, OK, CREATED, ACCEPTED, DELETED = 403, 200, 201, 202, 204
MAPPING: Final[JsonObject] = {
    "name": "ours",
    "columns": {"recipient_name": {"from": "N"}, "recipient_id": {"from": "I"}, "issued_on": {"from": "D"}},
}
READS: Final = {"auditor": OK, "own": OK}
PRIVATE: Final = {"auditor": FORBIDDEN, "own": OK}
CREATES: Final = {"auditor": FORBIDDEN, "own": CREATED}
ORDERS: Final = {"auditor": FORBIDDEN, "own": ACCEPTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An issuer, one of everything it has, and its key."""

    issuer: IssuerRecord
    achievement: AchievementRecord
    credential: CredentialRecord
    upload: UploadRecord
    mapping: str
    headers: dict[str, str]

    @property
    def names(self) -> dict[str, str]:
        return {
            "slug": self.issuer.slug,
            "achievement_id": str(self.achievement.id),
            "credential_id": str(self.credential.id),
            "upload_id": str(self.upload.id),
            "mapping_id": self.mapping,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One route: what is sent, and what each role is answered."""

    answers: dict[str, int]
    send: Callable[["Tenant"], dict[str, Any]] = lambda _tenant: {}
    fresh: Callable[[World, "Tenant"], dict[str, str]] = lambda _world, _tenant: {}
    """Names of objects made for this request alone, where it uses them up."""


def new_credential(world: World, tenant: Tenant) -> dict[str, str]:
    email = f"{world.resources.ids.new()}@example.org"
    return {"credential_id": str(world.issue(tenant.issuer, tenant.achievement, email).id)}


def new_upload(world: World, tenant: Tenant) -> dict[str, str]:
    content = CSV % str(world.resources.ids.new()).encode()
    return {"upload_id": str(world.upload(tenant.issuer, tenant.achievement, content).id)}


def new_spreadsheet(world: World, tenant: Tenant) -> dict[str, str]:
    email = f"{world.resources.ids.new()}@example.org"
    rows = [("recipient_email", "recipient_name", "issued_on"), (email, "A", "2026-05-29")]
    content = b"".join(world.resources.spreadsheets.write(rows))
    return {"upload_id": str(world.upload(tenant.issuer, tenant.achievement, content).id)}


def new_waiting_upload(world: World, tenant: Tenant) -> dict[str, str]:
    names = new_upload(world, tenant)
    with world.store.write() as unit:
        unit.uploads.request_approval(UUID(names["upload_id"]), by="issuer:somebody", at=world.clock.now())
    with world.engine.begin() as connection:
        connection.execute(update(tables.upload).values(received_by="issuer:somebody"))
    return names


def new_expiring(world: World, tenant: Tenant) -> dict[str, str]:
    email = f"{world.resources.ids.new()}@example.org"
    return {"credential_id": str(world.issue(tenant.issuer, tenant.achievement, email, days=5).id)}


def new_mapping(world: World, tenant: Tenant) -> dict[str, str]:
    with world.store.write() as unit:
        document = {**MAPPING, "name": str(world.resources.ids.new())}
        return {"mapping_id": str(save_mapping(world.resources, unit, tenant.issuer, document, caller=world.admin).id)}


def a_mapping(tenant: Tenant) -> dict[str, Any]:
    return {"json": {**MAPPING, "name": f"{tenant.issuer.slug} {uuid4()}"}}


def issued_upload(world: World, tenant: Tenant) -> dict[str, str]:
    upload = world.upload(tenant.issuer, tenant.achievement, CSV % str(world.resources.ids.new()).encode())
    with world.store.write() as unit:
        start(world.resources, unit, upload, caller=world.admin)
    run(world.resources, world.get_upload(upload), max_bytes=MAX_UPLOAD_BYTES, stopping=lambda: False)
    return {"upload_id": str(upload.id)}


def a_mail(_tenant: Tenant) -> dict[str, Any]:
    return {"json": {"email": "first@example.org"}}


def decision(_tenant: Tenant) -> dict[str, Any]:
    return {"json": {"reason": "other"}}


def body(_tenant: Tenant) -> dict[str, Any]:
    return {"json": BODY}


def file(tenant: Tenant) -> dict[str, Any]:
    return {"content": CSV % b"new", "params": {"achievement": str(tenant.achievement.id)}}


def new_award(tenant: Tenant) -> dict[str, Any]:
    recipient = {"email": "somebody@example.org"}
    return {"json": {"achievement": str(tenant.achievement.id), "recipient": recipient, "allowDuplicate": True}}


def a_document(_tenant: Tenant) -> dict[str, Any]:
    return {"json": {"credential": UNSIGNED}}


def a_status(tenant: Tenant) -> dict[str, Any]:
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    return {"json": {"credentialId": tenant.credential.document_id.urn, "credentialStatus": entry, "status": False}}


A_LIST: Final = {"statusPurpose": "revocation"}
MATRIX: Final[dict[str, Case]] = {
    f"GET {PREFIX}": Case(answers=READS),
    f"POST {PREFIX}/keys": Case(answers=CREATES, send=lambda _tenant: {"json": {}}),
    f"POST {PREFIX}/achievements": Case(answers=CREATES, send=body),
    f"GET {PREFIX}/achievements": Case(answers=READS),
    f"GET {PREFIX}/achievements/{{achievement_id}}": Case(answers=READS),
    f"GET {PREFIX}/achievements/{{achievement_id}}/versions": Case(answers=READS),
    f"POST {PREFIX}/achievements/{{achievement_id}}/versions": Case(answers=CREATES, send=body),
    f"POST {PREFIX}/uploads": Case(answers=CREATES, send=file),
    f"GET {PREFIX}/uploads": Case(answers=READS),
    f"GET {PREFIX}/uploads/{{upload_id}}": Case(answers=READS),
    f"GET {PREFIX}/uploads/{{upload_id}}/rows": Case(answers=PRIVATE),
    f"GET {PREFIX}/uploads/{{upload_id}}/annotated.csv": Case(answers=PRIVATE),
    f"GET {PREFIX}/uploads/{{upload_id}}/preview": Case(answers=PRIVATE, send=lambda _tenant: {"params": {"line": 2}}),
    f"GET {PREFIX}/uploads/{{upload_id}}/preview.pdf": Case(
        answers=PRIVATE, send=lambda _tenant: {"params": {"line": 2}}
    ),
    f"GET {PREFIX}/uploads/{{upload_id}}/archive.zip": Case(answers=PRIVATE),
    f"POST {PREFIX}/uploads/{{upload_id}}/issue": Case(
        answers={"auditor": FORBIDDEN, "own": ACCEPTED}, fresh=new_upload
    ),
    f"POST {PREFIX}/credentials": Case(answers=CREATES, send=new_award),
    f"GET {PREFIX}/credentials": Case(answers=READS),
    f"POST {PREFIX}/credentials/search": Case(
        answers=PRIVATE, send=lambda _tenant: {"json": {"identifier": "first@example.org"}}
    ),
    f"GET {PREFIX}/credentials/{{credential_id}}": Case(answers=READS),
    f"GET {PREFIX}/credentials/{{credential_id}}/document": Case(answers=PRIVATE),
    f"GET {PREFIX}/credentials/{{credential_id}}/certificate.pdf": Case(answers=PRIVATE),
    f"GET {PREFIX}/credentials/{{credential_id}}/badge.png": Case(answers=PRIVATE),
    f"GET {PREFIX}/credentials/{{credential_id}}/badge.svg": Case(answers=PRIVATE),
    f"GET {PREFIX}/credentials/{{credential_id}}/bundle.zip": Case(answers=PRIVATE),
    f"POST {PREFIX}/credentials/{{credential_id}}/revoke": Case(answers=PRIVATE, send=decision, fresh=new_credential),
    f"POST {PREFIX}/credentials/{{credential_id}}/suspend": Case(answers=PRIVATE, send=decision, fresh=new_credential),
    f"POST {PREFIX}/credentials/{{credential_id}}/reinstate": Case(
        answers=PRIVATE, send=decision, fresh=new_credential
    ),
    f"GET {PREFIX}/credentials/{{credential_id}}/promises": Case(answers=READS),
    f"POST {PREFIX}/credentials/{{credential_id}}/promises": Case(
        answers=PRIVATE, send=lambda _tenant: {"json": {"kind": "inclusion"}}, fresh=new_credential
    ),
    f"GET {PREFIX}/uploads/{{upload_id}}/annotated.xlsx": Case(answers=PRIVATE, fresh=new_spreadsheet),
    f"POST {PREFIX}/uploads/{{upload_id}}/request-approval": Case(answers=PRIVATE, fresh=new_upload),
    f"POST {PREFIX}/uploads/{{upload_id}}/approve": Case(answers=PRIVATE, fresh=new_waiting_upload),
    f"POST {PREFIX}/credentials/{{credential_id}}/supersede": Case(
        answers=CREATES, send=lambda _tenant: {"json": {"name": "Another Name"}}, fresh=new_credential
    ),
    f"POST {PREFIX}/credentials/{{credential_id}}/renew": Case(
        answers=CREATES, send=lambda _tenant: {"json": {"expiresOn": "2040-01-01"}}, fresh=new_expiring
    ),
    f"GET {PREFIX}/column-mappings": Case(answers=READS),
    f"POST {PREFIX}/column-mappings": Case(answers=CREATES, send=a_mapping),
    f"GET {PREFIX}/column-mappings/{{mapping_id}}": Case(answers=READS),
    f"DELETE {PREFIX}/column-mappings/{{mapping_id}}": Case(
        answers={"auditor": FORBIDDEN, "own": DELETED}, fresh=new_mapping
    ),
    f"POST {PREFIX}/column-mappings/suggestions": Case(
        answers=READS, send=lambda _tenant: {"json": {"header": ["Name"]}}
    ),
    f"GET {PREFIX}/members": Case(answers=PRIVATE),
    f"GET {PREFIX}/credentials/{{credential_id}}/claim": Case(answers=READS),
    f"POST {PREFIX}/credentials/{{credential_id}}/claim": Case(answers=ORDERS, send=a_mail),
    f"POST {PREFIX}/credentials/{{credential_id}}/claim/resend": Case(answers=ORDERS, send=a_mail),
    f"GET {PREFIX}/uploads/{{upload_id}}/claims": Case(answers=READS),
    f"POST {PREFIX}/uploads/{{upload_id}}/claims": Case(answers=PRIVATE, fresh=issued_upload),
    f"GET {PREFIX}/credentials/{{credential_id}}/share": Case(answers=PRIVATE),
    f"PUT {PREFIX}/credentials/{{credential_id}}/share": Case(
        answers=PRIVATE, send=lambda _tenant: {"json": {"shared": True}}
    ),
    f"PUT {PREFIX}/linkedin": Case(answers=PRIVATE, send=lambda _tenant: {"json": {"organizationId": "1234567"}}),
    f"GET {PREFIX}/audit-entries": Case(answers=READS),
    "POST /issuers/{slug}/credentials/issue": Case(answers=CREATES, send=a_document),
    "POST /issuers/{slug}/credentials/status": Case(answers=PRIVATE, send=a_status, fresh=new_credential),
    "POST /issuers/{slug}/status-lists": Case(answers=CREATES, send=lambda _tenant: {"json": A_LIST}),
}
OWN_KEYS: Final = {
    f"POST {PREFIX}/slot-reservations": False,
    f"GET {PREFIX}/slot-reservations": True,
    f"GET {PREFIX}/slot-reservations/{{reservation_id}}": True,
    f"GET {PREFIX}/achievements/{{achievement_id}}/signing-kit": True,
    f"POST {PREFIX}/credentials/signed": False,
    f"POST {PREFIX}/signed-uploads": False,
}
"""For issuers that keep their own key: tested in `test_own_keys`, with whether an auditor may call them."""
OWN_ALONE: Final = {"POST /credentials/issue", "POST /credentials/status", "POST /status-lists"}
ADMINS_ALONE: Final = {
    "POST /v1/issuers": {"slug": "brand-new", "name": "New"},
    f"POST {PREFIX}/approvals": {"approvals": "none"},
    "POST /v1/api-keys": {"role": "auditor", "label": "x"},
    "GET /v1/api-keys": None,
    "DELETE /v1/api-keys/{key_id}": None,
}
EVERY_KEY: Final = {"GET /v1/issuers", "GET /v1/audit-trail"}
NO_KEY: Final = {
    "POST /v1/verify",
    "POST /v1/verify/file",
    "POST /credentials/verify",
    "POST /presentations/verify",
    "GET /status-lists/{list_id}",
    "GET /1.0/identifiers/{did}",
    "GET /v1/log",
    "GET /v1/epochs/{number}",
    "GET /healthz",
    "GET /readyz",
    "GET /issuers/{slug}/did.json",
    "GET /issuers/{slug}/achievements/{achievement_id}",
    "GET /status/{chain}/{contract}/{number}/{purpose}/{status_list}",
    "GET /receipts/{leaf}",
    "GET /published/{path}",
}


def add_tenant(world: World, slug: str) -> Tenant:
    issuer = world.add_issuer(slug)
    achievement = world.add_achievement(issuer)
    credential = world.issue(issuer, achievement, "first@example.org")
    with world.store.write() as unit:
        order_claim(world.resources, unit, credential, ClaimOrder(address="first@example.org"), again=False)
    return Tenant(
        issuer=issuer,
        achievement=achievement,
        credential=credential,
        upload=world.upload(issuer, achievement, CSV % b"uploaded"),
        mapping=_saved(world, issuer),
        headers={"Authorization": f"Bearer {world.add_key(Role.ISSUER, issuer, approver=True)}"},
    )


def _saved(world: World, issuer: IssuerRecord) -> str:
    with world.store.write() as unit:
        return str(save_mapping(world.resources, unit, issuer, MAPPING, caller=world.admin).id)
