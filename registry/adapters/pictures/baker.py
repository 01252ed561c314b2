"""Baking, as a port of the use cases."""

from registry.adapters.baking_png import bake_png
from registry.adapters.baking_svg import bake_svg


class PictureBaker:
    """Puts credentials into pictures."""

    def bake_png(self, picture: bytes, credential: bytes) -> bytes:
        """Return the PNG with the credential in it."""
        return bake_png(picture, credential)

    def bake_svg(self, picture: bytes, credential: bytes) -> bytes:
        """Return the SVG with the credential in it."""
        return bake_svg(picture, credential)
