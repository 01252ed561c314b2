"""Where tests find the tree and the data that is kept outside it."""

import os
from pathlib import Path
from typing import Final

REPO_ROOT: Final = Path(__file__).resolve().parents[1]
"""The top of this working tree."""

VECTORS: Final = REPO_ROOT / "tests" / "vectors"
"""Vectors that belong to the repository; each file names its source."""

SHARED_DATA: Final = Path(
    os.environ.get("CREDROOT_SHARED_DATA", str(REPO_ROOT.parent / "shared" / "data")),
)
"""Standards' vectors and the second implementation's golden folder. They have licences of their own and stay outside
the repository. A test file that names this constant is refused loudly when the folder is absent (tests/conftest.py)."""
