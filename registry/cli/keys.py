"""`credroot keys`: API keys, straight in the database: for the operator who lost the last admin key.

Uses the database. A key is shown once, on standard output, or written to a file that only its owner can read.
"""

import argparse
import sys
from pathlib import Path
from uuid import UUID

from registry.cli.private_files import hand_over, require_absent
from registry.domain.errors import CredrootError, Malformed, Unavailable
from registry.service.access import OPERATOR, create_api_key, revoke_api_key
from registry.service.resources import Resources
from registry.settings import load_settings
from registry.store_ports import Role
from registry.wiring.serving import build_resources


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser("keys", help="make, list and revoke API keys", description="Manage API keys.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make an API key")
    create.add_argument("--role", required=True, choices=[str(role) for role in Role], help="what it may do")
    create.add_argument("--issuer", metavar="SLUG", help="the issuer to act for, exactly for the role issuer")
    create.add_argument("--label", required=True, help="whose key it is")
    create.add_argument("--key-out", type=Path, metavar="FILE", help="write the key there, mode 600")
    create.set_defaults(run=run, act=_create)
    listing = actions.add_parser("list", help="list API keys")
    listing.set_defaults(run=run, act=_list)
    revoke = actions.add_parser("revoke", help="revoke an API key at once")
    revoke.add_argument("id", type=UUID, help="as `credroot keys list` shows it")
    revoke.set_defaults(run=run, act=_revoke)


def run(args: argparse.Namespace) -> int:
    """Carry out the action and return the exit code."""
    try:
        args.act(args, build_resources(load_settings()))
    except Unavailable as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 3
    except CredrootError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 1
    return 0


def _create(args: argparse.Namespace, resources: Resources) -> None:
    role = Role(args.role)
    if (role is Role.ISSUER) != (args.issuer is not None):
        raise Malformed("malformed-role", "expected --issuer for the role issuer, and for no other")
    if args.key_out is not None:
        require_absent(args.key_out)
    with resources.store.write() as unit:
        issuer_id = None if args.issuer is None else unit.issuers.by_slug(args.issuer).id
        key = create_api_key(resources, unit, role=role, issuer_id=issuer_id, label=args.label, caller=OPERATOR)
    print(f"id: {key.record.id}")
    hand_over(key.secret, args.key_out, what="key")


def _list(_args: argparse.Namespace, resources: Resources) -> None:
    with resources.store.read() as unit:
        for key in unit.access.api_keys():
            state = "active" if key.revoked_at is None else f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
            print(f"{key.id}  {key.role:8}  {state}  {key.label}")


def _revoke(args: argparse.Namespace, resources: Resources) -> None:
    with resources.store.write() as unit:
        revoke_api_key(resources, unit, args.id, caller=OPERATOR)
    print(f"revoked: {args.id}")
