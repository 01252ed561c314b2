"""The earner's part of the story: a page to share, a certificate and two badges, each of which verifies by itself."""

from typing import Any, Final

from registry.demo.client import Service
from registry.demo.judging import Wrong
from registry.demo.screen import Screen
from registry.demo.stage import Stage
from registry.demo.story import KEY_ISSUER, Issued
from registry.domain.shown_credential import show_credential
from registry.domain.verdict import Word

FOLDER: Final = "holder"
AFTER_LATIN: Final = "\u0250"
FILES: Final = ("certificate.pdf", "badge.png", "badge.svg", "bundle.zip")


def hold(stage: Stage, screen: Screen, admin: Service, issued: Issued) -> dict[str, str]:
    """Share a credential, write its files into the folder, and return the link and the short code."""
    credential = _first_that_stands(admin, issued)
    path = f"/v1/issuers/{KEY_ISSUER}/credentials/{credential['id']}"
    folder = stage.folder / FOLDER
    folder.mkdir()
    share = admin.put(f"{path}/share", {"shared": True})
    for name in FILES:
        (folder / name).write_bytes(admin.content(f"{path}/{name}"))
    screen.say("hold", f"{FOLDER}/: {', '.join(FILES)}; shared as {share['code']}")
    return {"url": str(share["url"]), "code": str(share["code"])}


def judge_what_is_held(stage: Stage, screen: Screen, service: Service) -> dict[str, str]:
    """Verify each file by `credroot verify FILE` and by the service. Raises Wrong when one is not valid."""
    verdicts = {}
    for name in FILES:
        file = stage.folder / FOLDER / name
        evidence = ["--rpc", stage.rpc_url, "--published", str(stage.folder / "published")]
        code, printed = stage.command_code("verify", str(file), *evidence, accepted=tuple(range(256)))
        (answer,) = service.judge_file(file.read_bytes(), name=name)
        verdicts[name] = str(answer["verdict"]["verdict"])
        if (code, verdicts[name]) != (0, Word.VALID):
            raise Wrong(f"{name}: exit code {code}, by the service {verdicts[name]}: {printed}")
        screen.say("verify", f"{name:<22} {verdicts[name].upper():<17} by command and by service")
    return verdicts


def _first_that_stands(admin: Service, issued: Issued) -> dict[str, Any]:
    path = f"/v1/issuers/{KEY_ISSUER}/credentials"
    for credential in admin.get(path):
        if not credential["anchored"] or credential["uri"] == issued.suspended:
            continue
        holder = show_credential(admin.get(f"{path}/{credential['id']}/document")).holder
        # Its certificate is made on a machine without the fonts of other scripts, too.
        if max(holder) < AFTER_LATIN:
            return dict(credential)
    raise Wrong("no credential stands")
