"""What is made of a stored credential: pictures, a certificate, and the bundle with everything."""

import io
import zipfile
from datetime import timedelta

import pypdf
import pytest

from registry.adapters.baking_png import extract_png
from registry.adapters.baking_svg import extract_svg
from registry.adapters.presented_files import open_file_reader
from registry.domain.badge_facts import StatusWord
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.credential import Award
from registry.domain.errors import Refused
from registry.domain.recipient import IdentityType
from registry.service.bundling import bundle
from registry.service.certificates import Certificates
from registry.service.claiming import ClaimOrder, order_claim
from registry.service.issuing import Order, Person, issue
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import CredentialRecord
from registry.wiring.making import build_certificates
from tests.fonts import installed_fonts
from tests.registry_world import World

SHARE_URL = "https://registry.example/c/Zm9vYmFyYmF6cXV4cXV1eA"
CODE = "ABCDE-FGH2K"


@pytest.fixture
def world(sqlite_world: World) -> World:
    """Give one database: nothing here is asked of it that others do not."""
    return sqlite_world


@pytest.fixture
def certificates(world: World) -> Certificates:
    return build_certificates(world.resources, world.container.receipts, font_dir=installed_fonts())


def award(
    world: World, name: str = "Amal Haddad", *, days: int | None = None, **achievement: JsonObject | str
) -> CredentialRecord:
    issuer = world.add_issuer()
    made = world.add_achievement(issuer, **achievement)
    now = world.clock.now().replace(microsecond=0)
    until = None if days is None else now + timedelta(days=days)
    order = Order(
        person=Person(name=name, identifiers=((IdentityType.EMAIL, "a@example.org"),)),
        award=Award(valid_from=now, valid_until=until, awarded=now, results=("A",)),
    )
    with world.store.write() as unit:
        return unit.credentials.get(
            issuer.id, issue(world.resources, unit, issuer, made.id, order, caller=world.admin).id
        )


def change(
    world: World, record: CredentialRecord, action: StatusAction, reason: Reason = Reason.OTHER
) -> CredentialRecord:
    with world.store.write() as unit:
        issuer = unit.issuers.get(record.issuer_id)
        request = StatusRequest(action=action, reason=reason)
        return change_status(world.resources, unit, issuer, record.id, request, caller=world.admin)


def reader(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def test_a_certificate_carries_the_stored_bytes_and_the_receipt_once_there_is_one(
    world: World, certificates: Certificates
) -> None:
    record = award(world, "李伟")
    before = certificates.certificate(record, share_url=SHARE_URL, code=CODE)
    world.anchor()
    anchored = world.get(record)

    after = certificates.certificate(anchored, share_url=SHARE_URL, code=CODE)

    receipt = canonicalize(world.container.receipts.of_leaf(record.leaf).to_json())
    assert dict(reader(before).attachments) == {"credential.json": [record.document]}
    assert dict(reader(after).attachments) == {"credential.json": [record.document], "receipt.json": [receipt]}
    text = reader(after).pages[0].extract_text()
    for said in ("李伟", "Issuer poly", CODE, SHARE_URL, "https://registry.example/"):
        assert said in text


def test_pictures_carry_the_stored_bytes(world: World, certificates: Certificates) -> None:
    record = award(world)

    assert extract_png(certificates.baked_png(record)) == record.document
    assert parse_object(extract_svg(certificates.baked_svg(record))) == parse_object(record.document)


def test_an_own_picture_of_shapes_carries_it_too(world: World, certificates: Certificates) -> None:
    svg = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><circle r='4'/></svg>".replace(" ", "%20")
    record = award(world, image={"id": svg.replace("<", "%3C").replace(">", "%3E")})

    baked = certificates.baked_svg(record)

    assert b"<circle r='4'/>" in baked
    assert parse_object(extract_svg(baked)) == parse_object(record.document)


def test_a_bad_standing_is_told_as_it_is_now(world: World, certificates: Certificates) -> None:
    record = award(world, days=1)

    def told(record: CredentialRecord) -> StatusWord | None:
        return certificates.facts(record, None, share_url=None, code=None).status

    assert told(record) is None
    suspended = change(world, record, StatusAction.SUSPEND)
    assert told(suspended) is StatusWord.SUSPENDED
    reinstated = change(world, record, StatusAction.REINSTATE)
    assert told(reinstated) is None
    world.clock.advance(days=2)
    assert told(reinstated) is StatusWord.EXPIRED
    assert told(change(world, record, StatusAction.REVOKE)) is StatusWord.REVOKED


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_has_everything_and_says_how_it_is_checked(world: World, certificates: Certificates) -> None:
    record = award(world, "José Núñez", inLanguage="es")
    waiting = opened(bundle(certificates, record, share_url=None, code=None))
    world.anchor()

    files = opened(bundle(certificates, world.get(record), share_url=SHARE_URL, code=CODE))

    assert list(files) == [
        *("credential.json", "receipt.json", "badge.png", "badge.svg", "certificate.pdf", "README.txt"),
    ]
    receipt = world.container.receipts.of_leaf(record.leaf)
    assert files["credential.json"] == record.document
    assert files["receipt.json"] == canonicalize(receipt.to_json())
    assert extract_png(files["badge.png"]) == record.document
    assert parse_object(extract_svg(files["badge.svg"])) == parse_object(record.document)
    assert dict(reader(files["certificate.pdf"]).attachments)["credential.json"] == [record.document]
    said = files["README.txt"].decode()
    assert said.startswith("Data Analysis with Python – José Núñez\n\nLOS ARCHIVOS")
    assert receipt.root.hex() in said
    assert "receipt.json" not in waiting
    assert f"https://registry.example/receipts/{record.leaf.hex()}" in waiting["README.txt"].decode()


def test_its_words_are_in_the_language_that_the_holder_was_written_to_in(
    world: World, certificates: Certificates
) -> None:
    record = award(world)
    before = certificates.facts(record, None, share_url=None, code=None).language

    with world.store.write() as unit:
        order = ClaimOrder(address="a@example.org", language="fr-CA")
        order_claim(world.resources, unit, record, order, again=False)

    assert (before, certificates.facts(record, None, share_url=None, code=None).language) == ("en", "fr")


def test_the_same_bundle_is_the_same_bytes(world: World, certificates: Certificates) -> None:
    record = award(world)
    first = bundle(certificates, record, share_url=SHARE_URL, code=CODE)

    world.clock.advance(hours=1)

    assert bundle(certificates, record, share_url=SHARE_URL, code=CODE) == first


def test_a_name_that_no_font_shows_makes_nothing_but_the_badge(world: World, certificates: Certificates) -> None:
    record = award(world, "สมชาย")

    assert certificates.baked_png(record)
    for make in (certificates.certificate, lambda *a, **k: bundle(certificates, *a, **k)):
        with pytest.raises(Refused) as caught:
            make(record, share_url=None, code=None)
        assert caught.value.code == "font-missing"


def test_all_that_is_made_is_read_again(world: World, certificates: Certificates) -> None:
    record = award(world, "ليلى حداد")
    world.anchor()
    record = world.get(record)
    receipt = canonicalize(world.container.receipts.of_leaf(record.leaf).to_json())
    reader = open_file_reader()

    made = {
        "certificate.pdf": certificates.certificate(record, share_url=SHARE_URL, code=CODE),
        "badge.png": certificates.baked_png(record),
        "badge.svg": certificates.baked_svg(record),
        "code.png": certificates.artist.qr_png(SHARE_URL),
        "bundle.zip": bundle(certificates, record, share_url=SHARE_URL, code=CODE),
    }
    found = {name: reader.read(content, name=name) for name, content in made.items()}

    for name in ("certificate.pdf", "badge.png", "badge.svg"):
        (one,) = found[name]
        assert one.problem is None
        assert parse_object(one.content or b"") == parse_object(record.document)
    assert found["certificate.pdf"][0].receipt == receipt
    assert found["code.png"][0].link == SHARE_URL
    assert [item.problem for item in found["bundle.zip"]] == [None] * len(found["bundle.zip"])
    assert found["bundle.zip"][0].receipt == receipt
