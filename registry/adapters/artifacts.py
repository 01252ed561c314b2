"""The compiled contracts: interface, code, and the address the code has on every chain.

An artifact is written by contracts/tool/build_artifacts.js, committed, and shipped inside the package; `make contracts`
rebuilds it and compares byte for byte. The address is that of EIP-1014 (CREATE2) for the canonical deterministic
deployment proxy and a salt of zero: it follows from the published init code alone, so nobody has to be told it.
"""

import json
from collections.abc import ItemsView, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, TypeVar, cast

from eth_typing import ABI
from eth_utils.crypto import keccak

from registry.domain.errors import Malformed, NotFound

ANCHOR_LOG: Final = "AnchorLog"
"""The name of the contract that logs live in."""

CREDENTIAL_VERIFIER: Final = "CredentialVerifier"
"""The name of the contract that other contracts ask about credentials."""

FRAUD_COURT: Final = "FraudCourt"
"""The name of the contract that marks logs."""

CONTRACTS: Final = (ANCHOR_LOG, CREDENTIAL_VERIFIER, FRAUD_COURT)
"""All of them, in the order in which they are deployed."""

DEPLOYMENT_PROXY: Final = "0x4e59b44847b379578588920ca78fbf26c0b4956c"
"""The canonical deterministic deployment proxy: CREATE2 with the first 32 bytes of its calldata as the salt."""

DEPLOYMENT_PROXY_CODE: Final = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)
"""What stands at that address on every chain where it was deployed by its one pre-signed transaction."""

SALT: Final = bytes(32)
"""Zero: there is nothing to choose, and everybody arrives at the same address."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One compiled contract."""

    name: str
    compiler: str
    """The full version of solc."""
    abi: ABI
    init_code: bytes
    """What a deployment executes, with the constructor's arguments at its end."""
    runtime_code: bytes
    """What stands at the address afterwards, with those arguments in it."""
    sources: Mapping[str, str]
    """The SHA-256 of each source it was compiled from, by its path."""

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
    init_code, runtime_code = _code(document, "bytecode", name=name), _code(document, "deployedBytecode", name=name)
    if not runtime_code or runtime_code not in init_code:
        raise Malformed("malformed-artifact", "the init code does not carry the runtime code", where=name)
    sources = {path: _source_hash(described, name=name) for path, described in _object(document, "sources", name=name)}
    arguments = [
        _word(load_artifact(other).address) for other in _list(document, "constructorArguments", str, name=name)
    ]
    return Artifact(
        name=name,
        compiler=compiler["version"],
        # web3 describes an interface by typed dictionaries; solc wrote these, and web3 checks them when they are used.
        abi=cast("ABI", abi),
        init_code=init_code + b"".join(arguments),
        runtime_code=_with_argument(runtime_code, arguments, _list(document, "immutables", int, name=name), name=name),
        sources=sources,
    )


def create2_address(init_code: bytes) -> str:
    """Return the address that the deployment proxy gives to this init code (EIP-1014), lower-case hex with 0x."""
    deployer = bytes.fromhex(DEPLOYMENT_PROXY[2:])
    return "0x" + keccak(b"\xff" + deployer + SALT + keccak(init_code))[12:].hex()


def _with_argument(code: bytes, arguments: Sequence[bytes], places: Sequence[int], *, name: str) -> bytes:
    """Write the constructor's argument where the constructor does: at each place where the compiler left 32 zero bytes."""
    if len(arguments) > 1 or any(code[place : place + 32] != bytes(32) for place in places):
        raise Malformed("malformed-artifact", "expected one argument at most, and room for it", where=name)
    for place in places:
        code = code[:place] + b"".join(arguments) + code[place + 32 :]
    return code


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def _list(document: Mapping[str, object], member: str, kind: type[_Item], *, name: str) -> list[_Item]:
    value = document.get(member)
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise Malformed("malformed-artifact", f"expected {member} as a list", where=name)
    return cast("list[_Item]", value)


def _object(document: Mapping[str, object], member: str, *, name: str) -> ItemsView[str, object]:
    value = document.get(member)
    if not isinstance(value, dict):
        raise Malformed("malformed-artifact", f"expected {member} as an object", where=name)
    return value.items()


def _source_hash(described: object, *, name: str) -> str:
    digest = described.get("sha256") if isinstance(described, dict) else None
    if not isinstance(digest, str):
        raise Malformed("malformed-artifact", "expected the SHA-256 of each source", where=name)
    return digest


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
