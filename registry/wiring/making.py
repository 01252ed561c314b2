"""What makes pictures and certificates."""

from pathlib import Path

from registry.adapters.pictures.artist import TypstArtist
from registry.adapters.pictures.baker import PictureBaker
from registry.adapters.pictures.certificate import TypstCertificateMaker
from registry.adapters.pictures.typesetter import Typesetter
from registry.service.badge_pictures import BadgePictures
from registry.service.certificates import Certificates
from registry.service.proving import Receipts
from registry.service.resources import Resources


def build_certificates(resources: Resources, receipts: Receipts, *, font_dir: Path | None) -> Certificates:
    """Build what makes pictures and certificates. Raises Refused `font-folder`."""
    typesetter = Typesetter(font_dir)
    artist = TypstArtist(typesetter)
    return Certificates(
        resources=resources,
        receipts=receipts,
        artist=artist,
        pictures=BadgePictures(artist),
        maker=TypstCertificateMaker(typesetter),
        baker=PictureBaker(),
    )
