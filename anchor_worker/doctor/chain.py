"""Looking at the chain: every node, the account that pays, the log, the court, and the clock of the blocks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from anchor_worker.chain_watch import ChainFacts, look, place_of
from anchor_worker.doctor.finding import Finding, Grade, fail, ok, unreachable, warn
from anchor_worker.doctor.records import skew
from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.court import encode_call, read_number
from registry.adapters.rpc import WrongChain, check_chain, check_contract, connect, read_data, request
from registry.domain.errors import CredrootError, Malformed, Unavailable
from registry.ports import Clock
from registry.settings import Settings
from registry.store_ports import LogRecord

HEAD_AGE_WARN: Final = timedelta(minutes=2)
"""Ten blocks of Ethereum."""
FINALIZED_AGE_WARN: Final = timedelta(minutes=30)
"""Twice what finality takes."""
LATENCY_WARN_SECONDS: Final = 2.0
ANCHORS_WARN: Final = 20
"""So many anchors should the account be able to pay: time enough to send it more."""


def examine_nodes(settings: Settings, record: LogRecord, clock: Clock) -> tuple[list[Finding], ChainFacts | None]:
    """Look at every node; return too what the one with the newest block says."""
    if not settings.rpc_urls:
        return [fail("nodes", "none is set", "set CREDROOT_RPC_URLS")], None
    findings: list[Finding] = []
    told: list[ChainFacts] = []
    for url in settings.rpc_urls:
        finding, facts = _node(settings, record, clock, url)
        findings.append(finding)
        if facts is not None:
            told.append(facts)
    if len(settings.rpc_urls) == 1:
        findings.append(
            warn("nodes", "one alone: whatever it says of finality is believed", "name a second and a third provider")
        )
    return findings, max(told, key=lambda facts: facts.head.number, default=None)


def examine_account(facts: ChainFacts, *, key_address: str | None) -> Iterator[Finding]:
    """Look at who is bound to the log, and whether it can pay."""
    if key_address is None:
        yield ok("account", f"{facts.account} is bound to the log; without the key nothing more is known")
    elif key_address != facts.account:
        yield fail(
            "account",
            f"{facts.account} is bound to the log, and the key is that of {key_address}",
            "use the bound account's key, or bind this one (setAnchorer, acceptAnchorer)",
        )
    else:
        yield ok("account", f"{facts.account} is bound to the log")
    yield _balance(facts)


def examine_epochs(facts: ChainFacts, *, newest_sealed: int) -> Finding:
    """Compare how many epochs the chain and the database have."""
    words = f"{facts.epochs} epochs on chain, {newest_sealed} in the database"
    if facts.epochs > newest_sealed:
        return fail(
            "epochs", f"{words}: it is an old backup", "put the published files in place, start the service first"
        )
    return ok("epochs", words)


def examine_block_clock(facts: ChainFacts, clock: Clock) -> Finding:
    """Compare our clock with the newest block: it may be old, and must not be of the future."""
    ahead = facts.head.time - clock.now()
    if ahead > timedelta():
        return skew("clock", ahead, "the newest block")
    return ok("clock", "no block is of the future")


def examine_court(settings: Settings, record: LogRecord, key: str, clock: Clock) -> Finding:
    """Look at whether promises of the key count: a holder can only report what the court knows."""
    court = load_artifact(FRAUD_COURT)
    call = "0x" + encode_call("reportableUntil", record.name.number, key).hex()
    node = connect(settings.rpc_urls[0], timeout_seconds=settings.rpc_timeout_seconds)
    try:
        check_contract(node, address=court.address, runtime_code=court.runtime_code)
        answer = read_data(request(node, "eth_call", [{"to": court.address, "data": call}, "latest"]), where="court")
        until = read_number("reportableUntil", answer)
    except WrongChain as error:
        return fail("court", error.message, "deploy the court, or unset CREDROOT_PROMISE_KEY_FILE")
    except Unavailable as error:
        return unreachable("court", error.message, "see the nodes")
    if until <= clock.now().timestamp():
        return fail(
            "court",
            f"{key} is not registered for the log",
            "the log's owner registers it (registerKey); its promises are worth nothing to holders",
        )
    return ok("court", f"{key} is registered for the log")


def _node(settings: Settings, record: LogRecord, clock: Clock, url: str) -> tuple[Finding, ChainFacts | None]:
    try:
        place = place_of(url)
        node = connect(url, timeout_seconds=settings.rpc_timeout_seconds)
    except Malformed as error:
        return fail("node ?", error.message, "correct CREDROOT_RPC_URLS"), None
    subject, log = f"node {place}", record.name
    try:
        check_chain(node, chain_id=log.chain_id, genesis_hash="0x" + record.genesis_hash.hex())
        check_contract(node, address=log.contract, runtime_code=load_artifact().runtime_code)
    except Unavailable as error:
        return unreachable(subject, error.message, "ask its operator, or name another one"), None
    except CredrootError as error:
        return fail(subject, error.message, "take it out of CREDROOT_RPC_URLS: it is of another chain"), None
    report = look(node, place=place, log=log)
    if report.facts is None:
        return unreachable(subject, report.failure, "ask its operator, or name another one"), None
    return _judge(subject, report.facts, report.latency_seconds, clock), report.facts


def _judge(subject: str, facts: ChainFacts, latency_seconds: float, clock: Clock) -> Finding:
    now, finalized = clock.now(), facts.finalized
    head_age = now - facts.head.time
    words = f"block {facts.head.number}, {head_age.total_seconds():.0f} s old, answers in {latency_seconds:.2f} s"
    if finalized is None:
        return warn(subject, f"{words}; knows no finalized block", "wait, or name a node that follows finality")
    if now - finalized.time > FINALIZED_AGE_WARN:
        age = (now - finalized.time).total_seconds() / 60
        return warn(
            subject, f"{words}; finalized is {age:.0f} min old", "see whether the whole chain stalls, or this node"
        )
    if head_age > HEAD_AGE_WARN:
        return warn(subject, words, "see whether it is syncing")
    if latency_seconds > LATENCY_WARN_SECONDS:
        return warn(subject, words, "name a nearer one first")
    return Finding(subject=subject, grade=Grade.OK, found=f"{words}; finalized {finalized.number}")


def _balance(facts: ChainFacts) -> Finding:
    cost = facts.anchor_cost_wei
    anchors = facts.balance_wei // cost if cost else 0
    words = f"{facts.balance_wei / 10**18:.6f} ether, {anchors} anchors at the present fees"
    advice = f"send ether to {facts.account}"
    if anchors < 1:
        return fail("balance", words, advice)
    return warn("balance", words, advice) if anchors < ANCHORS_WARN else ok("balance", words)
