"""What the tests of the chain talk to it with: bare JSON-RPC, and signing with a development account."""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.types import AccessListEntry, TxReceipt

from registry.devchain.accounts import development_accounts

PROXY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"

KEPT_TOPIC = keccak(b"Kept(uint256)")

# A contract by hand. 32 bytes of input: keep them in slot 0 and log them; no input: return what is kept; anything
# else: revert with the input as the revert data.
KEEPER_RUNTIME = bytes.fromhex(
    "3680602014601c57"  # CALLDATASIZE == 32: jump to keep
    "801560135780"  # CALLDATASIZE == 0: jump to read
    "5f5f375ffd"  # CALLDATACOPY, REVERT
    "5b5f545f5260205ff3"  # read: SLOAD(0), RETURN
    f"5b5f35805f555f527f{KEPT_TOPIC.hex()}60205fa100"  # keep: SSTORE(0), LOG1
)
KEEPER_INITCODE = bytes.fromhex(f"60{len(KEEPER_RUNTIME):02x}8060095f395ff3") + KEEPER_RUNTIME


Field = Sequence[AccessListEntry] | bytes | HexStr | int | str


class RpcFailure(Exception):
    """A JSON-RPC error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: str | None = error.get("data")


def post(url: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    """Send bytes as they are; header names have underscores for hyphens."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/", body, {"Content-Type": "application/json", **named})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def rpc(url: str, method: str, *parameters: object) -> Any:  # noqa: ANN401  any JSON; each test knows its form
    """Call a method and return its result."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    status, body = post(url, json.dumps(request).encode())
    assert status == 200
    answer = json.loads(body)
    assert answer["jsonrpc"] == "2.0"
    assert answer["id"] == 1
    if "error" in answer:
        raise RpcFailure(answer["error"])
    return answer["result"]


def connect(url: str) -> Web3:
    """Return a web3 client that tries everything once."""
    return Web3(HTTPProvider(url, exception_retry_configuration=None))


def signed(web3: Web3, account: LocalAccount, **fields: Field) -> bytes:
    """Sign a type 2 transaction with the account's next nonce."""
    defaults: dict[str, Field] = {
        "type": 2,
        "chainId": web3.eth.chain_id,
        "nonce": web3.eth.get_transaction_count(account.address),
        "gas": 1_000_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
        "value": 0,
    }
    # The library's type wants HexStr, a name for str, where an address stands.
    return bytes(account.sign_transaction(cast("dict[str, Any]", {**defaults, **fields})).raw_transaction)


def send(web3: Web3, account: LocalAccount, **fields: Field) -> TxReceipt:
    """Send a transaction and return its receipt, which is there at once."""
    return web3.eth.get_transaction_receipt(web3.eth.send_raw_transaction(signed(web3, account, **fields)))


def deploy_keeper(web3: Web3, *, salt: int) -> str:
    """Deploy the contract through the deployment proxy and return where it is by CREATE2's rule (EIP-1014)."""
    salt_bytes = salt.to_bytes(32, "big")
    send(web3, development_accounts()[9], to=PROXY, data=salt_bytes + KEEPER_INITCODE)
    digest = keccak(b"\xff" + bytes.fromhex(PROXY[2:]) + salt_bytes + keccak(KEEPER_INITCODE))
    return Web3.to_checksum_address(digest[12:])


def word(number: int) -> bytes:
    """Spell a number as 32 bytes."""
    return number.to_bytes(32, "big")
