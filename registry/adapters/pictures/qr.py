"""QR codes (ISO/IEC 18004) of addresses: level M, which a crease or a stamp survives, with the quiet zone of four modules."""

import io
from typing import Final

import segno

from registry.domain.errors import Malformed

MAX_QR_BYTES: Final = 300
"""An address; beyond it modules get too small for the corner of a certificate."""
QUIET_MODULES: Final = 4
_PIXELS_PER_MODULE: Final = 10


def qr_svg(text: str) -> bytes:
    """Return a QR code as SVG, sized by its modules. Raises Malformed `qr-too-long`."""
    target = io.BytesIO()
    _encode(text).save(
        target, kind="svg", border=QUIET_MODULES, light="#ffffff", svgclass=None, lineclass=None, omitsize=True
    )
    return target.getvalue()


def qr_png(text: str) -> bytes:
    """Return a QR code as PNG. Raises Malformed `qr-too-long`."""
    target = io.BytesIO()
    _encode(text).save(target, kind="png", border=QUIET_MODULES, scale=_PIXELS_PER_MODULE)
    return target.getvalue()


def _encode(text: str) -> segno.QRCode:
    if not 1 <= len(text.encode()) <= MAX_QR_BYTES:
        raise Malformed("qr-too-long", f"expected 1 to {MAX_QR_BYTES} bytes to write as a QR code")
    return segno.make_qr(text, error="m", boost_error=False)
