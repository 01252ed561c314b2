"""The registrar's part of the story: from an empty registry to anchored, revoked and exported credentials."""

import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from registry.adapters.rpc import connect
from registry.demo.client import Service
from registry.demo.courses import COURSES, DATA_ANALYSIS, Course
from registry.demo.people import GRADES, cohort, hostile, staff
from registry.demo.screen import Screen, draw_issuing
from registry.demo.stage import Stage
from registry.domain.canonical import JsonObject
from registry.domain.manifest import Manifest

WEB_ISSUER: Final = "example-polytechnic"
KEY_ISSUER: Final = "sunrise-energy"
ROWS: Final = 1_000
BAD_ROWS: Final = 24
SHOWN_FINDINGS: Final = 8
TRAINING: Final = Course(
    name="Working Safely at Height",
    description="Climb, work and rescue on wind turbines by the rules.",
    criteria="Two days of supervised practice and a rescue exercise.",
    skills=(("inspect wind turbines", "52242966-692f-4a4f-8279-cadbc7874183"),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What the registrar did, as the rest of the demonstration needs it."""

    total: int
    uploads: tuple[tuple[str, str], ...]
    """Issuer and id of each upload that was issued."""
    achievement: str
    """The polytechnic's course."""
    revoked: str
    """The `id` of the document that was revoked."""
    suspended: str


def tell(stage: Stage, screen: Screen, admin: Service) -> Issued:
    """Create issuers and achievements, upload, issue, anchor, revoke and suspend, anchor again."""
    with screen.phase("issuers"):
        achievement, training = _create_issuers(admin, screen)
    today = datetime.now(UTC).date()
    with screen.phase("uploads"):
        _show_hostile(admin, screen, achievement, hostile(today))
        bad = BAD_ROWS
        main = _upload(admin, WEB_ISSUER, achievement, "cohort.csv", cohort(ROWS, today=today, bad=bad))
        _show_upload(screen, main)
        _show_findings(admin, screen, WEB_ISSUER, main["id"])
        annotated = admin.content(f"/v1/issuers/{WEB_ISSUER}/uploads/{main['id']}/annotated.csv")
        (stage.folder / "errors.csv").write_bytes(annotated)
        # The story ends with a thousand credentials: the company's part is what the cohort's bad rows leave.
        more = ROWS - main["rowsOk"]
        company = _upload(admin, KEY_ISSUER, training, "staff.csv", staff(more, today=today))
        _show_upload(screen, company)
    with screen.phase("issue"):
        total = sum(_issue(admin, screen, slug, upload) for slug, upload in ((WEB_ISSUER, main), (KEY_ISSUER, company)))
    with screen.phase("anchor 1"):
        anchor(stage, screen, admin)
    with screen.phase("statuses"):
        revoked = _change(admin, WEB_ISSUER, main["id"], "revoke", "superseded")
        suspended = _change(admin, KEY_ISSUER, company["id"], "suspend", "under-review")
        screen.say("revoke", f"{revoked}: in the served list at once, no gas")
        screen.say("suspend", suspended)
    with screen.phase("anchor 2"):
        anchor(stage, screen, admin)
    return Issued(
        total=total,
        uploads=((WEB_ISSUER, main["id"]), (KEY_ISSUER, company["id"])),
        achievement=achievement,
        revoked=revoked,
        suspended=suspended,
    )


def anchor(stage: Stage, screen: Screen, admin: Service) -> None:
    """Seal what waits and wait until its epoch is final and published."""
    before = admin.get("/v1/log")["newestEpoch"]
    stage.seal()
    epoch = before + 1
    state = admin.wait(f"/v1/epochs/{epoch}", "published", {True})
    screen.say("anchor", f"epoch {epoch}  root {state['root'][:16]}…  block {state['blockNumber']}  {state['state']}")


def export(stage: Stage, screen: Screen, admin: Service, issued: Issued) -> None:
    """Download all credentials and receipts in matching pairs."""
    for slug, upload in issued.uploads:
        content = admin.content(f"/v1/issuers/{slug}/uploads/{upload}/archive.zip")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(stage.folder)
    pairs = len(list((stage.folder / "receipts").iterdir()))
    screen.say("export", f"{pairs} credentials and receipts")


def issue_late(admin: Service, issued: Issued) -> dict[str, Any]:
    """Issue one more credential after the last epoch, and return its document."""
    order: JsonObject = {
        "achievement": issued.achievement,
        "recipient": {"name": "Noor Late", "email": "noor.late@example.org"},
        "results": [GRADES[-1]],
    }
    answer = admin.post(f"/v1/issuers/{WEB_ISSUER}/credentials", order, once="late")
    document: dict[str, Any] = answer["document"]
    return document


def _create_issuers(admin: Service, screen: Screen) -> tuple[str, str]:
    web = admin.post(
        "/v1/issuers",
        {"slug": WEB_ISSUER, "name": "Example Polytechnic", "kind": "university", "url": "https://polytechnic.example"},
        once="polytechnic",
    )
    key = admin.post(
        "/v1/issuers",
        {"slug": KEY_ISSUER, "name": "Sunrise Energy Training", "kind": "company", "didMethod": "key"},
        once="sunrise",
    )
    for issuer in (web, key):
        screen.say("issuer", f"{issuer['name']}  {issuer['did']}")
    made = {
        course.name: admin.post(
            f"/v1/issuers/{WEB_ISSUER}/achievements",
            course.body(grades=GRADES if course is DATA_ANALYSIS else ()),
            once=course.name,
        )["id"]
        for course in COURSES
    }
    training = admin.post(f"/v1/issuers/{KEY_ISSUER}/achievements", TRAINING.body(suspension=True), once=TRAINING.name)
    screen.say("courses", f"{len(made) + 1} achievements, each aligned to ESCO skills")
    return str(made[DATA_ANALYSIS.name]), str(training["id"])


def _upload(admin: Service, slug: str, achievement: str, filename: str, content: bytes) -> Any:  # noqa: ANN401 - JSON
    return admin.upload(
        f"/v1/issuers/{slug}/uploads", content, achievement=achievement, filename=filename, skipBad="true"
    )


def _show_upload(screen: Screen, upload: Any) -> None:  # noqa: ANN401 - JSON
    counts = f"{upload['rowsOk']} ok, {upload['rowsError']} errors, {upload['rowsSkipped']} blank"
    screen.say("upload", f"{upload['filename']}: {counts}")


def _show_hostile(admin: Service, screen: Screen, achievement: str, content: bytes) -> None:
    upload = _upload(admin, WEB_ISSUER, achievement, "hostile.csv", content)
    _show_upload(screen, upload)
    _show_findings(admin, screen, WEB_ISSUER, upload["id"])


def _show_findings(admin: Service, screen: Screen, slug: str, upload: str) -> None:
    rows = admin.get(f"/v1/issuers/{slug}/uploads/{upload}/rows", limit=SHOWN_FINDINGS)
    for row in rows:
        for finding in row["findings"][:1]:
            screen.say("", f"  {finding['code']:<22} {finding['message']}")


def _issue(admin: Service, screen: Screen, slug: str, upload: Any) -> int:  # noqa: ANN401 - JSON
    path = f"/v1/issuers/{slug}/uploads/{upload['id']}"
    admin.post(f"{path}/issue", {}, once=f"issue {upload['id']}")
    done = admin.wait(path, "state", {"issued", "failed"}, seen=draw_issuing)
    screen.say("issue", f"{done['filename']}: {done['rowsIssued']} of {done['rowsOk']} signed (eddsa-rdfc-2022)")
    return int(done["rowsIssued"])


def _change(admin: Service, slug: str, upload: str, action: str, reason: str) -> str:
    credential = next(item for item in admin.get(f"/v1/issuers/{slug}/credentials") if item["upload"] == upload)
    admin.post(f"/v1/issuers/{slug}/credentials/{credential['id']}/{action}", {"reason": reason})
    return str(credential["uri"])


def gas_of(rpc_url: str, folder: Path) -> list[int]:
    """Return the gas that each published epoch's transaction took."""
    web3 = connect(rpc_url)
    manifests = sorted((folder / "epochs").iterdir(), key=lambda place: int(place.name))
    anchors = [Manifest.parse((place / "manifest.json").read_bytes()).anchor for place in manifests]
    return [int(web3.eth.get_transaction_receipt(anchor.transaction)["gasUsed"]) for anchor in anchors]  # type: ignore[arg-type]  # hex with 0x is taken
