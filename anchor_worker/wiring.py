"""From settings to a worker: which database, which nodes, which account, which log."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from secrets import SystemRandom
from typing import Final

import structlog
from sqlalchemy import Engine

from anchor_worker.budget import SpendingLimits
from anchor_worker.cycle import Worker
from anchor_worker.fees import FeeLimits
from anchor_worker.final_store import SqlFinalAnchors
from anchor_worker.final_watch import FinalWatch
from anchor_worker.leader import Leader
from anchor_worker.light_capture import LightCapture
from anchor_worker.numbering import ChainNumbers, NumberCheck, NumberedSealer, PublishedNumbers
from anchor_worker.observer import AnchoredLog, Policy, check_node
from anchor_worker.providers import Pool
from anchor_worker.publishing import FilePublisher
from anchor_worker.quorum import QuorumObserver
from anchor_worker.sealing import EpochSealer, SealingRule
from anchor_worker.sender import ChainSender
from anchor_worker.store import SqlAnchorStore
from registry.adapters.account_key import load_account
from registry.adapters.artifacts import load_artifact
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from registry.adapters.light_proofs import NodeLightProver
from registry.adapters.remote_signer import SignerTls, open_remote_signer
from registry.adapters.rpc import connect
from registry.adapters.sql_store import SqlStore
from registry.adapters.transactions import LocalSigner
from registry.chain_ports import AnchorSigner
from registry.domain.errors import Conflict, Refused, Unavailable
from registry.ports import Clock
from registry.settings import ETHER, GWEI, Settings
from registry.store_ports import LogRecord

SYSTEM_CLOCK: Final = SystemClock()

log = structlog.get_logger(__name__)


@contextmanager
def opened_worker(settings: Settings, *, clock: Clock = SYSTEM_CLOCK) -> Iterator[Worker]:
    """Yield a worker for the log in the settings' database; it leads no more and its connections are closed afterwards.

    All it does goes by the clock, but for the lease: that is renewed by a thread, as this machine's time passes.

    Raises Refused when a setting is missing or does not fit, NotFound before the registry is initialised, Conflict when
    the log is in another contract than the published one, Unavailable when the database cannot be reached.
    """
    if not settings.rpc_urls:
        raise Refused("setting-missing", "set CREDROOT_RPC_URLS: the worker needs a node")
    signer = open_signer(settings)
    with opened_engine(settings) as engine, _opened_leader(settings, engine) as leader:
        yield _worker(settings, engine, signer, leader, clock)


@contextmanager
def opened_engine(settings: Settings) -> Iterator[Engine]:
    """Yield the database's engine; its connections are closed afterwards."""
    engine = open_engine(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def build_sealer(
    settings: Settings, engine: Engine, record: LogRecord, *checks: NumberCheck, clock: Clock = SYSTEM_CLOCK
) -> NumberedSealer:
    """Return a sealer: it needs no account, and no node but for the checks of the next number that are given."""
    rule = SealingRule(
        after=timedelta(seconds=settings.seal_after_seconds), after_credentials=settings.seal_after_credentials
    )
    store = SqlStore(engine)
    sealer = EpochSealer(store, log=record.name, rule=rule, clock=clock)
    return NumberedSealer(sealer, store=store, checks=(PublishedNumbers(settings.published_dir), *checks))


def read_log(engine: Engine) -> LogRecord:
    """Return the log of a database. Raises NotFound before the registry is initialised, Unavailable."""
    with SqlStore(engine).read() as unit:
        return unit.access.log()


@contextmanager
def _opened_leader(settings: Settings, engine: Engine) -> Iterator[Leader]:
    if settings.rpc_timeout_seconds >= settings.lease_seconds:
        # One call that hangs would cost the lease.
        raise Refused(
            "lease-too-short",
            f"CREDROOT_LEASE_SECONDS is {settings.lease_seconds:g}: expected more than CREDROOT_RPC_TIMEOUT_SECONDS, "
            f"{settings.rpc_timeout_seconds:g}",
        )
    leader = Leader(engine, lasts=timedelta(seconds=settings.lease_seconds), clock=SYSTEM_CLOCK)
    try:
        yield leader
    finally:
        leader.release()


def open_signer(settings: Settings) -> AnchorSigner:
    """Return what signs for the anchoring account: its key file, or a remote signer.

    A remote signer that is down is told of and no more: anchors are followed without it, and every signature is looked
    at again. Raises Refused when a setting is missing, or the signer has no such key, and as `load_account`.
    """
    key_file, url = settings.anchor_key_file, settings.signer_url
    if key_file is not None and url is None:
        return LocalSigner(load_account(key_file, password=settings.anchor_key_password()))
    if key_file is not None or url is None:
        raise Refused(
            "setting-missing", "set CREDROOT_ANCHOR_KEY_FILE or CREDROOT_SIGNER_URL: who signs, and one alone"
        )
    if settings.signer_address is None:
        raise Refused("setting-missing", "set CREDROOT_SIGNER_ADDRESS: the account that the signer must sign for")
    tls = SignerTls(
        ca_file=settings.signer_ca_file,
        certificate_file=settings.signer_certificate_file,
        certificate_key_file=settings.signer_certificate_key_file,
    )
    signer = open_remote_signer(url, address=settings.signer_address, tls=tls)
    try:
        signer.check()
    except Unavailable as error:
        log.warning("signer_unavailable", code=error.code, reason=error.message)
    return signer


def _worker(settings: Settings, engine: Engine, signer: AnchorSigner, leader: Leader, clock: Clock) -> Worker:
    artifact = load_artifact()
    record = read_log(engine)
    if record.name.contract != artifact.address:
        raise Conflict("other-contract", f"the log is in {record.name.contract}, expected {artifact.address}")
    sender = signer.address
    anchored_log = AnchoredLog(
        name=record.name,
        genesis_hash="0x" + record.genesis_hash.hex(),
        deploy_block=record.deploy_block,
        artifact=artifact,
    )
    pool = Pool(
        [connect(url, timeout_seconds=settings.rpc_timeout_seconds) for url in settings.rpc_urls],
        check=partial(check_node, log=anchored_log),
        stalled_after=timedelta(seconds=settings.finality_stalled_seconds),
        clock=clock,
        jitter=SystemRandom().random,
    )
    quorum = settings.quorum()
    if quorum == 1:
        log.warning("quorum_of_one", nodes=len(settings.rpc_urls), means="whatever one node says is believed")
    return Worker(
        leadership=leader,
        anchors=SqlAnchorStore(engine, sender=sender, fence=leader.fence, clock=clock),
        watch=FinalWatch(
            pool, quorum=quorum, anchors=SqlFinalAnchors(engine, clock=clock, fence=leader.fence), clock=clock
        ),
        observer=QuorumObserver(
            pool,
            quorum=quorum,
            log=anchored_log,
            sender=sender,
            policy=_policy(settings),
            clock=clock,
        ),
        sender=ChainSender(pool, signer=signer, log=record.name, artifact=artifact, clock=clock),
        sealer=build_sealer(settings, engine, record, ChainNumbers(pool, record.name), clock=clock),
        publisher=FilePublisher(SqlStore(engine), folder=settings.published_dir, clock=clock),
        light=LightCapture(
            SqlStore(engine),
            prover=NodeLightProver(pool.awake, code_hash=artifact.runtime_code_hash, quorum=quorum),
            clock=clock,
        ),
    )


def spending_limits(settings: Settings) -> SpendingLimits:
    """Return what the operator allows to be spent."""
    return SpendingLimits(
        anchor_wei=int(settings.max_anchor_ether * ETHER),
        day_wei=int(settings.daily_budget_ether * ETHER),
        floor_anchors=settings.balance_floor_anchors,
    )


def _policy(settings: Settings) -> Policy:
    return Policy(
        limits=FeeLimits.under(
            round(settings.max_fee_gwei * GWEI),
            min_tip_wei=round(settings.min_tip_gwei * GWEI),
            max_tip_wei=round(settings.max_tip_gwei * GWEI),
        ),
        spending=spending_limits(settings),
        stuck_after=timedelta(seconds=settings.stuck_after_seconds),
    )
