"""Sending what the court takes: judged again at the newest block, tried, then sent once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from registry.adapters.account_key import load_account
from registry.adapters.calls import Call, Caller
from registry.adapters.court import court_address, encode_call, encode_report, encode_timeout, name_refusal
from registry.domain.errors import Malformed, Refused
from registry.domain.fraud import BrokenInclusion, Fraud
from registry.domain.log_name import LogName
from scripts.audit.chain import open_latest
from scripts.fraud.court import Case, CourtView, Standing
from scripts.fraud.telling import ether

MAX_PASSWORD_BYTES: Final = 4_096
"""A page of text is no password."""


def open_caller(urls: Sequence[str], key_file: Path | None, password_file: Path | None, *, log: LogName) -> Caller:
    """Read the account's key.

    Raises as `load_account`, and Malformed without a key file or for a password file that cannot be read.
    """
    if key_file is None:
        raise Malformed("key-file-missing", "expected --key-file: sending takes an account")
    password = None if password_file is None else _password(password_file)
    return Caller(urls[0], load_account(key_file, password=password), chain_id=log.chain_id)


def report(fraud: Fraud, caller: Caller, *, urls: Sequence[str], log: LogName) -> str:
    """Report a fraud, or go on with it, and say what came of it. Nothing is sent that the court has already.

    Raises Unavailable when a node fails: whether something was sent is then not known.
    """
    court = CourtView(open_latest(urls), log=log)
    case = court.judge(fraud)
    call = _next_call(case, court, caller)
    return f"nothing to send: {case.detail}" if call is None else send(call, caller)


def send(call: Call, caller: Caller) -> str:
    """Try a call, send it, and say what came of it. Raises Unavailable."""
    refused = caller.try_call(call)
    if refused is not None:
        return f"the court refuses: {name_refusal(refused.data) or '0x' + refused.data.hex()}"
    try:
        mined = caller.send_call(call)
    except Refused as error:
        # Somebody was quicker, between the trial and the estimate.
        return f"not sent: {error.message}"
    happened = "reverted" if mined.reverted else f"done for {mined.gas_used} gas"
    return f"{mined.transaction} in block {mined.block_number}: {happened}"


def collect(caller: Caller, *, urls: Sequence[str], log: LogName) -> str:
    """Have paid out what is due to the account, and say so. Raises Unavailable."""
    due = CourtView(open_latest(urls), log=log).due_wei(caller.address)
    if due == 0:
        return f"nothing is due to {caller.address}"
    sent = send(Call(contract=court_address(), data=encode_call("collect")), caller)
    return f"{ether(due)} to {caller.address}: {sent}"


def _next_call(case: Case, court: CourtView, caller: Caller) -> Call | None:
    fraud = case.fraud
    if case.standing is Standing.REPORTABLE:
        stake = court.stake_wei() if isinstance(fraud, BrokenInclusion) else 0
        return Call(contract=court_address(), data=encode_report(fraud), value_wei=stake)
    if case.standing is Standing.TIMED_OUT and isinstance(fraud, BrokenInclusion):
        terms = fraud.promise.terms
        challenge = court.challenge(terms.leaf or b"", terms.slot)
        # Somebody else's stake is somebody else's to ask back.
        if challenge is not None and challenge.challenger == caller.address:
            return Call(contract=court_address(), data=encode_timeout(terms))
    return None


def _password(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_PASSWORD_BYTES)
        return content.decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed("password-file-unreadable", f"{file} cannot be read as a password") from error
