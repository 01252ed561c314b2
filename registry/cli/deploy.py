"""`credroot deploy`: put the contracts on a chain, and open a log; or compare what stands there with the artifacts.

The same command serves every chain. It may be repeated: what is there already is found, checked and named again.
Output is one `name: value` a line. Exit codes: 0 done, 1 refused, 3 the node could not be reached or finality did not
come in time.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from eth_account.signers.local import LocalAccount
from web3 import Web3

from registry.adapters import networks
from registry.adapters.account_key import load_account
from registry.adapters.artifacts import CONTRACTS, Artifact, load_artifact
from registry.adapters.deployment import (
    await_final_log,
    deploy,
    find_deployment_block,
    identify_chain,
    is_deployed,
    open_log,
)
from registry.adapters.networks import Network
from registry.adapters.rpc import connect
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import CredrootError, Malformed, NotFound, Unavailable

FINAL_TIMEOUT_SECONDS: Final = 1_800.0
"""Ethereum finalizes in 13 to 19 minutes when all is well."""

EXIT_REFUSED: Final = 1
EXIT_UNKNOWN: Final = 3


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "deploy",
        help="put the contracts on a chain, and open a log in it",
        description="Deploy the contracts by CREATE2 through the canonical deployment proxy, unless they are there.",
    )
    parser.add_argument("--rpc", required=True, metavar="URL", help="the JSON-RPC endpoint of a node")
    parser.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="the key of the account that pays: a version 3 keystore, or 64 hex digits (mode 600); always needed but "
        "with --verify-only",
    )
    parser.add_argument(
        "--key-password-file", type=Path, metavar="FILE", help="the password of the keystore, its first line"
    )
    chain = parser.add_mutually_exclusive_group()
    chain.add_argument(
        "--network",
        choices=sorted(networks.PRESETS),
        default=networks.DEVCHAIN.name,
        help="the chain that is meant, by name (default: %(default)s)",
    )
    chain.add_argument("--chain-id", type=int, metavar="N", help="the chain that is meant, by number")
    parser.add_argument("--genesis", metavar="HASH", help="the hash of block 0 that the node must show, 64 hex digits")
    parser.add_argument(
        "--verify-only",
        action="store_true",
        help="send nothing: compare the code on chain with the published artifacts",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write what stands where to this file, as JSON: a deployment file"
    )
    parser.add_argument(
        "--open-log", action="store_true", help="open a log that the account owns and anchors in, and wait for finality"
    )
    parser.add_argument(
        "--final-timeout",
        type=float,
        default=FINAL_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="how long to wait for finality (default: %(default)g)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Deploy, print what came of it, and return the exit code."""
    try:
        _deploy(args)
    except Unavailable as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return EXIT_UNKNOWN
    except CredrootError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


def _deploy(args: argparse.Namespace) -> None:
    network = _network(args)
    account = None if args.verify_only else _account(args)
    web3 = connect(args.rpc)
    _print("network", network.name)
    _print("chain id", network.chain_id)
    genesis_hash = identify_chain(web3, network)
    _print("genesis", genesis_hash.hex())
    if account is not None:
        _print("account", account.address)
    contracts = [_stand(web3, account, load_artifact(name), network) for name in CONTRACTS]
    if args.out is not None:
        deployed: JsonObject = {
            "chainId": network.chain_id,
            "genesis": f"0x{genesis_hash.hex()}",
            "contracts": dict(contracts),
        }
        args.out.write_text(json.dumps(deployed, indent=2) + "\n", encoding="utf-8")
    if account is not None and args.open_log:
        _open_log(web3, account, artifact=load_artifact(), network=network, final_timeout=args.final_timeout)


def _account(args: argparse.Namespace) -> LocalAccount:
    if args.key_file is None:
        raise Malformed("key-file-missing", "expected --key-file, or --verify-only to send nothing")
    return load_account(args.key_file, password=_password(args.key_password_file))


def _stand(web3: Web3, account: LocalAccount | None, artifact: Artifact, network: Network) -> tuple[str, JsonValue]:
    """Deploy a contract, or without an account insist that it is there; print it and describe it."""
    if account is not None:
        block = deploy(web3, account, artifact=artifact, network=network).block_number
    elif is_deployed(web3, artifact):
        block = None
    else:
        raise NotFound("no-contract", f"{artifact.name} is not at {artifact.address} on this chain")
    _print(artifact.name, artifact.address)
    _print(f"{artifact.name} deployed in block", _block(block))
    _print(f"{artifact.name} code", artifact.runtime_code_hash.hex())
    return artifact.name, {
        "address": artifact.address,
        "block": find_deployment_block(web3, artifact) if block is None else block,
        "codeHash": f"0x{artifact.runtime_code_hash.hex()}",
        "compiler": artifact.compiler,
        "sources": dict(artifact.sources),
    }


def _open_log(web3: Web3, account: LocalAccount, *, artifact: Artifact, network: Network, final_timeout: float) -> None:
    opened = open_log(web3, account, artifact=artifact, network=network)
    _print("log", opened.name)
    _print("opened in block", _block(opened.block_number))
    await_final_log(web3, account, artifact=artifact, opened=opened, timeout_seconds=final_timeout)
    _print("final", "yes")


def _network(args: argparse.Namespace) -> Network:
    if args.chain_id is None:
        named = networks.preset(args.network)
    else:
        named = Network(name=f"chain {args.chain_id}", chain_id=args.chain_id, genesis_hash=None)
    if args.genesis is None:
        return named
    try:
        genesis_hash = bytes.fromhex(args.genesis.removeprefix("0x"))
    except ValueError as error:
        raise Malformed("malformed-genesis-hash", "expected 64 hex digits") from error
    if named.genesis_hash is not None and named.genesis_hash != genesis_hash:
        raise Malformed("malformed-genesis-hash", f"block 0 of {named.name} is {named.genesis_hash.hex()}")
    return Network(name=named.name, chain_id=named.chain_id, genesis_hash=genesis_hash)


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").split("\n", 1)[0]
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound("password-file-unreadable", f"{file}: {type(error).__name__}") from error


def _block(number: int | None) -> str:
    return "earlier" if number is None else str(number)


def _print(name: str, value: object) -> None:
    print(f"{name}: {value}", flush=True)
