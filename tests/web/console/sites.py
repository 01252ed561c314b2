"""Issuers with one of everything, to be looked at and to be kept apart."""

from dataclasses import dataclass

from registry.domain.canonical import JsonObject
from registry.service.mappings import save_mapping
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord, MappingRecord, UploadRecord
from tests.registry_world import World
from tests.web.console.client import CSV

GOOD = CSV + b"amal@example.org,Amal Haddad,2026-05-29,A\r\n"

MAPPING: JsonObject = {
    "name": "our campus",
    "columns": {
        "recipient_email": {"from": "E-mail"},
        "recipient_name": {"join": ["First", "Last"]},
        "issued_on": {"from": "Completed", "date": "DMY"},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    issuer: IssuerRecord
    achievement: AchievementRecord
    credential: CredentialRecord
    upload: UploadRecord
    mapping: MappingRecord

    def address(self, path: str = "") -> str:
        return f"/console/issuers/{self.issuer.slug}{path}"

    @property
    def names(self) -> dict[str, str]:
        return {
            "slug": self.issuer.slug,
            "achievement_id": str(self.achievement.id),
            "credential_id": str(self.credential.id),
            "upload_id": str(self.upload.id),
            "mapping_id": str(self.mapping.id),
            "key_id": str(self.issuer.id),
            "name": "badge.png",
            "action": "revoke",
        }


def new_tenant(world: World, slug: str) -> Tenant:
    issuer = world.add_issuer(slug)
    achievement = world.add_achievement(issuer)
    with world.store.write() as unit:
        mapping = save_mapping(world.resources, unit, issuer, MAPPING, caller=world.admin)
    return Tenant(
        mapping=mapping,
        issuer=issuer,
        achievement=achievement,
        credential=world.issue(issuer, achievement, f"first@{slug}.example"),
        upload=world.upload(issuer, achievement, GOOD),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    world: World
    address: str
    ours: Tenant
    theirs: Tenant
