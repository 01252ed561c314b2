"""What the development chain refuses: requests (answered as JSON-RPC errors) and folders (the process ends).

The codes are those of JSON-RPC 2.0 section 5.1, EIP-1474 and, for a reverted call, go-ethereum (3, with the revert
data), because client libraries tell the cases apart by them.
"""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
RESOURCE_NOT_FOUND = -32001
LIMIT_EXCEEDED = -32005
EXECUTION_REVERTED = 3


class RpcError(Exception):
    """A request that gets a JSON-RPC error as its answer."""

    def __init__(self, code: int, message: str, *, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class InvalidParameters(RpcError):
    """The parameters do not have the form the method takes."""

    def __init__(self, message: str) -> None:
        super().__init__(INVALID_PARAMS, message)


class TransactionRefused(RpcError):
    """A transaction that no block takes; the message has go-ethereum's words, which clients match on."""

    def __init__(self, message: str) -> None:
        super().__init__(SERVER_ERROR, message)


class BlockUnknown(RpcError):
    """A block that is not of this chain was named by a method that needs its state."""

    def __init__(self, *, named_by_hash: bool) -> None:
        # EIP-1898 asks for "resource not found" where the block is named by its hash.
        super().__init__(RESOURCE_NOT_FOUND if named_by_hash else SERVER_ERROR, "header not found")


class ExecutionReverted(RpcError):
    """A call that ended in REVERT; `data` is what the contract returned."""

    def __init__(self, revert_data: bytes, reason: str | None) -> None:
        message = "execution reverted" if reason is None else f"execution reverted: {reason}"
        super().__init__(EXECUTION_REVERTED, message, data="0x" + revert_data.hex())


class DevChainError(Exception):
    """The chain cannot be opened; the message is for the operator."""

    code = "devchain"


class FolderLocked(DevChainError):
    """Another process has the folder open: two writers would fork the chain."""

    code = "devchain_folder_locked"

    def __init__(self, folder: str) -> None:
        super().__init__(f"folder {folder} is open in another devchain process")
        self.folder = folder


class ForeignDatabase(DevChainError):
    """The folder holds a chain that does not fit what was asked for."""

    code = "devchain_foreign_database"

    def __init__(self, *, what: str, expected: str, actual: str) -> None:
        super().__init__(f"folder holds another chain: {what} expected {expected}, found {actual}")
        self.what = what
        self.expected = expected
        self.actual = actual
