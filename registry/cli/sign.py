"""`credroot sign`: an issuer's own key, and credentials signed with it on a machine without a network.

Uses neither database nor network nor chain: a signing kit and a reservation are files that the service gave out
(docs/operating.md, "Issuers that keep their own key"). Exit codes: 0 signed, 1 refused and nothing written, 3 the
password does not open the key.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from registry.adapters.clock import SystemClock
from registry.adapters.identifiers import Identifiers
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.shaped_json_ld import open_json_ld
from registry.cli.key_files import ask_password, make_key_file, open_key_file
from registry.cli.private_files import require_absent
from registry.domain.canonical import MAX_DOCUMENT_BYTES
from registry.domain.cryptosuites import SUITES
from registry.domain.errors import CredrootError, Malformed, Refused, Unavailable
from registry.domain.multikey import KeyAlgorithm
from registry.domain.signing_kit import MAX_FILE_BYTES, Reservation, SigningKit
from registry.domain.upload_codes import FileProblem
from registry.service.offline import InputRefused, Signing, sign_documents, sign_people
from registry.service.resources import SigningTools

SIGNING_ALGORITHMS: Final = (KeyAlgorithm.ED25519, KeyAlgorithm.P256, KeyAlgorithm.P384)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "sign",
        help="sign credentials with an issuer's own key, without a network",
        description="Make an issuer's own key, and sign credentials with it, without a network.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    # Nothing is abbreviated: `--password SECRET` must not pass for a file of that name, and be told in an error.
    key = actions.add_parser("key", help="make a key and print the public one", allow_abbrev=False)
    key.add_argument("file", type=Path, metavar="FILE", help="write the encrypted key there, mode 600")
    key.add_argument(
        "--algorithm",
        choices=[str(algorithm) for algorithm in SIGNING_ALGORITHMS],
        default=str(KeyAlgorithm.ED25519),
        help="what kind of key (default: %(default)s)",
    )
    key.add_argument("--password-file", type=Path, metavar="FILE", help="read the password from its first line")
    key.set_defaults(run=partial(_guarded, _make_key))
    credentials = actions.add_parser(
        "credentials", help="sign a file of people or of unsigned credentials", allow_abbrev=False
    )
    source = credentials.add_mutually_exclusive_group(required=True)
    source.add_argument("--people", type=Path, metavar="FILE", help="a CSV file, by the rules of an upload")
    source.add_argument("--unsigned", type=Path, metavar="FILE", help="unsigned credentials, a JSON object a line")
    credentials.add_argument("--kit", type=Path, required=True, metavar="FILE", help="the signing kit")
    credentials.add_argument("--reservation", type=Path, required=True, metavar="FILE", help="the reserved slots")
    credentials.add_argument("--skip", type=int, default=0, metavar="N", help="slots that an earlier file has used")
    credentials.add_argument("--key", type=Path, required=True, metavar="FILE", help="the encrypted key")
    credentials.add_argument("--password-file", type=Path, metavar="FILE", help="read its password from the first line")
    credentials.add_argument(
        "--cryptosuite",
        action="append",
        choices=[suite.name for suite in SUITES.values() if suite.issued],
        help="the proof to make, twice for a set of two (default: eddsa-rdfc-2022, for other keys ecdsa-rdfc-2019)",
    )
    credentials.add_argument("--allow-duplicates", action="store_true", help="sign for a recipient that stands twice")
    credentials.add_argument("--out", type=Path, required=True, metavar="FILE", help="write the signed lines there")
    credentials.set_defaults(run=partial(_guarded, _sign))


def _guarded(action: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> int:
    try:
        action(args)
    except InputRefused as error:
        for finding in error.findings:
            print(f"line {finding.line}: {finding.code}: {finding.message}", file=sys.stderr)
        return _refuse(error)
    except FileProblem as error:
        for problem in (error, *error.others):
            print(f"{problem.code}: {problem.message}", file=sys.stderr)
        return 1
    except Unavailable as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 3
    except CredrootError as error:
        return _refuse(error)
    except OSError as error:
        print(f"file-unreadable: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _refuse(error: CredrootError) -> int:
    print(f"{error.code}: {error.message}", file=sys.stderr)
    return 1


def _make_key(args: argparse.Namespace) -> None:
    public_key = make_key_file(args.file, ask_password(args.password_file, twice=True), KeyAlgorithm(args.algorithm))
    print(f"public key: {public_key}")


def _sign(args: argparse.Namespace) -> None:
    require_absent(args.out)
    signing = _open(args)
    with ExitStack() as opened:
        lines = (
            sign_people(
                signing,
                lambda: opened.enter_context(args.people.open("rb")),
                allow_duplicates=args.allow_duplicates,
            )
            if args.people is not None
            else sign_documents(signing, lambda: _lines(opened, args.unsigned))
        )
        count = _write_aside(args.out, lines)
    used = args.skip + count
    print(f"signed: {count}")
    print(f"file: {args.out}")
    print(f"slots used: {used} of {len(signing.reservation.slots)}, the next file takes --skip {used}")


def _open(args: argparse.Namespace) -> Signing:
    kit = SigningKit.parse(_read(args.kit))
    reservation = Reservation.parse(_read(args.reservation))
    password = ask_password(args.password_file, twice=False)
    signer = open_key_file(args.key, password)
    clock = SystemClock()
    tools = SigningTools(
        clock=clock,
        ids=Identifiers(clock),
        keys=PasswordKeyVault(password),
        json_ld=open_json_ld(),
        public_url=kit.status_url,
        random_bytes=secrets.token_bytes,
    )
    default = "eddsa-rdfc-2022" if signer.public_key.algorithm is KeyAlgorithm.ED25519 else "ecdsa-rdfc-2019"
    return Signing(
        tools=tools,
        kit=kit,
        reservation=reservation,
        signer=signer,
        suites=tuple(dict.fromkeys(args.cryptosuite or [default])),
        skip=args.skip,
    )


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MAX_FILE_BYTES + 1)


def _lines(opened: ExitStack, file: Path) -> Iterator[bytes]:
    stream = opened.enter_context(file.open("rb"))
    while line := stream.readline(MAX_DOCUMENT_BYTES + 1):
        if len(line) > MAX_DOCUMENT_BYTES:
            raise Malformed("line-too-long", f"expected lines of at most {MAX_DOCUMENT_BYTES} bytes")
        yield line


def _write_aside(file: Path, lines: Iterable[bytes]) -> int:
    """Write lines beside a file and rename it when all are there: what has the name is whole."""
    aside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    count = 0
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            for line in lines:
                stream.write(line)
                count += 1
            stream.flush()
            os.fsync(stream.fileno())
        try:
            # Not rename: a file that appeared meanwhile must not be overwritten.
            os.link(aside, file)
        except FileExistsError as error:
            raise Refused("file-exists", f"{file} exists already") from error
    finally:
        aside.unlink(missing_ok=True)
    return count
