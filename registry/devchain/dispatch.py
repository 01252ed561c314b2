"""JSON-RPC 2.0: from the bytes of a request to the bytes of its answer (sections 4 to 6 of the specification)."""

from collections.abc import Sequence

import orjson
import structlog

from registry.devchain.arguments import Arguments
from registry.devchain.chain import DevChain
from registry.devchain.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
)
from registry.devchain.json_values import Json, JsonObject
from registry.devchain.methods import METHODS

BATCH_LIMIT = 1000
# go-ethereum's.

log = structlog.get_logger(__name__)


def answer(chain: DevChain, body: bytes) -> bytes:
    """Answer one request or a batch; empty bytes where nothing is to be answered (notifications only)."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.dumps(_failure(None, RpcError(PARSE_ERROR, "parse error")))
    result = _answer_batch(chain, request) if isinstance(request, list) else _answer_one(chain, request)
    return b"" if result is None else orjson.dumps(result)


def _answer_batch(chain: DevChain, requests: Sequence[object]) -> Json:
    if not requests:
        return _failure(None, RpcError(INVALID_REQUEST, "empty batch"))
    if len(requests) > BATCH_LIMIT:
        return _failure(None, RpcError(INVALID_REQUEST, f"batch too large, limit {BATCH_LIMIT}"))
    answers = [_answer_one(chain, request) for request in requests]
    return [one for one in answers if one is not None] or None


def _answer_one(chain: DevChain, request: object) -> JsonObject | None:
    if not isinstance(request, dict) or not isinstance(request.get("id"), str | int | float | None):
        return _failure(None, RpcError(INVALID_REQUEST, "invalid request"))
    identity: Json = request.get("id")
    try:
        result: JsonObject = {"jsonrpc": "2.0", "id": identity, "result": _run(chain, request)}
    except RpcError as error:
        result = _failure(identity, error)
    return result if "id" in request else None


def _run(chain: DevChain, request: dict[str, object]) -> Json:
    name, parameters = request.get("method"), request.get("params", [])
    if request.get("jsonrpc") != "2.0" or not isinstance(name, str):
        raise RpcError(INVALID_REQUEST, "invalid request")
    method = METHODS.get(name)
    if method is None:
        raise RpcError(METHOD_NOT_FOUND, f"the method {name} does not exist/is not available")
    if not isinstance(parameters, list):
        raise RpcError(INVALID_PARAMS, "parameters must be given by position")
    try:
        # One request at a time: a block being made is never seen half, and the engine is not safe for threads.
        with chain.lock:
            return method.run(chain, Arguments(parameters, at_most=method.arity))
    except RpcError:
        raise
    except Exception as error:
        # The boundary: one broken request must not end the chain for all.
        log.exception("devchain_request_failed", method=name)
        raise RpcError(INTERNAL_ERROR, "internal error") from error


def _failure(identity: Json, error: RpcError) -> JsonObject:
    details: JsonObject = {"code": error.code, "message": error.message}
    if error.data is not None:
        details["data"] = error.data
    return {"jsonrpc": "2.0", "id": identity, "error": details}
