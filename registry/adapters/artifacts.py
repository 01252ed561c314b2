"""The compiled contracts: interface, code, and the address the code has on every chain.

An artifact is written by contracts/tool/build_artifacts.js, committed, and shipped inside the package; `make contracts`
rebuilds it and compares byte for byte. The address is that of EIP-1014 (CREATE2) for the canonical deterministic
deployment proxy and a salt of zero: it follows from the published init code alone, so nobody has to be told it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, cast

from eth_typing import ABI
from eth_utils.crypto import keccak

from registry.domain.errors import Malformed, NotFound

ANCHOR_LOG: Final = "AnchorLog"
"""The name of the contract that logs live in."""

DEPLOYMENT_PROXY: Final = "0x4e59b44847b379578588920ca78fbf26c0b4956c"
"""The canonical deterministic deployment proxy: CREATE2 with the first 32 bytes of its calldata as the salt."""

DEPLOYMENT_PROXY_CODE: Final = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)
"""What stands at that address on every chain where it was deployed by its one pre-signed transaction."""

SALT: Final = bytes(32)
"""Zero: there is nothing to choose, and everybody arrives at the same address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One compiled contract."""

    name: str
    compiler: str
    """The full version of solc."""
    abi: ABI
    init_code: bytes
    """What a deployment executes; it takes no constructor arguments."""
    runtime_code: bytes
    """What stands at the address afterwards."""

    def __post_init__(self) -> None:
        """Raise Malformed unless the init code carries the runtime code."""
        if not self.runtime_code or self.runtime_code not in self.init_code:
            raise Malformed("malformed-artifact", "the init code does not carry the runtime code", where=self.name)

    @property
    def runtime_code_hash(self) -> bytes:
        """The keccak-256 of the runtime code: the `codeHash` of the account in an EIP-1186 proof."""
        return keccak(self.runtime_code)

    @property
    def address(self) -> str:
        """The address on every chain, lower-case hex with 0x."""
        return create2_address(self.init_code)


@cache
def load_artifact(name: str = ANCHOR_LOG) -> Artifact:
    """Load a contract's artifact from the package, or from the source tree the package stands in.

    Raises NotFound when there is none, Malformed when it does not hold what an artifact holds.
    """
    file = _folder() / f"{name}.json"
    if not file.is_file():
        raise NotFound("artifact-missing", f"no artifact {name}.json in this installation")
    return parse_artifact(json.loads(file.read_bytes()), name=name)


def parse_artifact(document: object, *, name: str) -> Artifact:
    """Read the members this project uses of an artifact file.

    Raises Malformed when one is missing or of another form.
    """
    if not isinstance(document, dict) or document.get("contract") != name:
        raise Malformed("malformed-artifact", "expected an object that names the contract", where=name)
    compiler, abi = document.get("compiler"), document.get("abi")
    if not isinstance(compiler, dict) or not isinstance(compiler.get("version"), str) or not isinstance(abi, list):
        raise Malformed("malformed-artifact", "expected members compiler and abi", where=name)
    return Artifact(
        name=name,
        compiler=compiler["version"],
        # web3 describes an interface by typed dictionaries; solc wrote these, and web3 checks them when they are used.
        abi=cast("ABI", abi),
        init_code=_code(document, "bytecode", name=name),
        runtime_code=_code(document, "deployedBytecode", name=name),
    )


def create2_address(init_code: bytes) -> str:
    """Return the address that the deployment proxy gives to this init code (EIP-1014), lower-case hex with 0x."""
    deployer = bytes.fromhex(DEPLOYMENT_PROXY[2:])
    return "0x" + keccak(b"\xff" + deployer + SALT + keccak(init_code))[12:].hex()


def _folder() -> Traversable:
    """A wheel carries the files as registry/artifacts; in the source tree they stay where they are built."""
    packaged = resources.files("registry") / "artifacts"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "contracts" / "artifacts"


def _code(document: Mapping[str, object], member: str, *, name: str) -> bytes:
    text = document.get(member)
    if not isinstance(text, str) or not text.startswith("0x"):
        raise Malformed("malformed-artifact", f"expected {member} as hex with 0x", where=name)
    try:
        return bytes.fromhex(text[2:])
    except ValueError as error:
        raise Malformed("malformed-artifact", f"expected {member} as hex with 0x", where=name) from error
