"""Issuers with one of everything, to be looked at and to be kept apart."""

from dataclasses import dataclass

from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord, UploadRecord
from tests.registry_world import World
from tests.web.console.client import CSV

GOOD = CSV + b"amal@example.org,Amal Haddad,2026-05-29,A\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    issuer: IssuerRecord
    achievement: AchievementRecord
    credential: CredentialRecord
    upload: UploadRecord

    def address(self, path: str = "") -> str:
        return f"/console/issuers/{self.issuer.slug}{path}"

    @property
    def names(self) -> dict[str, str]:
        return {
            "slug": self.issuer.slug,
            "achievement_id": str(self.achievement.id),
            "credential_id": str(self.credential.id),
            "upload_id": str(self.upload.id),
            "key_id": str(self.issuer.id),
            "action": "revoke",
        }


def new_tenant(world: World, slug: str) -> Tenant:
    issuer = world.add_issuer(slug)
    achievement = world.add_achievement(issuer)
    return Tenant(
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
