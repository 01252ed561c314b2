"""The registry: its database, its keys, and the web service over them."""

import secrets
from dataclasses import replace
from http import HTTPStatus

from eth_utils.crypto import keccak
from sqlalchemy import Engine

from registry.adapters.built_in_mappings import load_built_in_mappings
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from registry.adapters.did_resolver import WebDidResolver
from registry.adapters.guarded_fetch import FetchSettings
from registry.adapters.identifiers import Identifiers
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.migrations import check_schema
from registry.adapters.presented_files import open_file_reader
from registry.adapters.published import open_published
from registry.adapters.shaped_json_ld import open_json_ld
from registry.adapters.spreadsheets import Spreadsheets
from registry.adapters.sql_store import SqlStore
from registry.adapters.status_fetcher import WebStatusLists
from registry.service.container import Container
from registry.service.log_overview import LogOverviews
from registry.service.mailing import Mailer
from registry.service.proving import Receipts
from registry.service.resources import Resources
from registry.service.running import IssuingRunner
from registry.service.statuses import StatusLists
from registry.service.upload_pages import UploadPages
from registry.service.vc_api import VcApi
from registry.service.verifying import Verifier
from registry.settings import Settings
from registry.wiring.mailing import open_outbox
from registry.wiring.making import build_certificates
from registry.wiring.promising import open_promise_signer
from registry.wiring.signing import open_executor
from registry.wiring.verifying import LOOPBACK_HOSTS, LOOPBACK_NAME, open_chain, open_light_prover, published_contract


def build_resources(settings: Settings) -> Resources:
    """Open the database and unlockable keys of a registry.

    Raises Refused when the database has another schema than this program or no password is set, Unavailable when the
    database cannot be reached.
    """
    return _resources(settings, _opened(settings))


def _opened(settings: Settings) -> Engine:
    engine = open_engine(settings.database_url)
    check_schema(engine)
    return engine


def _resources(settings: Settings, engine: Engine) -> Resources:
    clock = SystemClock()
    return Resources(
        store=SqlStore(engine),
        clock=clock,
        ids=Identifiers(clock),
        keys=PasswordKeyVault(settings.issuer_key_password()),
        json_ld=open_json_ld(),
        public_url=settings.public_url,
        spreadsheets=Spreadsheets(),
        built_in_mappings=load_built_in_mappings(),
        draw=secrets.randbelow,
        random_bytes=secrets.token_bytes,
    )


def build_container(settings: Settings) -> Container:
    """Build what the web service works with.

    Raises as `build_resources`, `build_certificates` and `open_promise_signer`.
    """
    engine = _opened(settings)
    resources = replace(_resources(settings, engine), promise_signer=open_promise_signer(settings))
    published = open_published(str(settings.published_dir), ca_file=None)
    # Host names of URLs are compared in lower case.
    private_hosts = {host.lower() for host in settings.private_hosts}
    if settings.resolve_loopback:
        private_hosts.add(LOOPBACK_NAME)
    fetching = FetchSettings(ca_file=settings.ca_file, private_hosts=frozenset(private_hosts))
    did_resolver = WebDidResolver(fetching)
    plain_http_hosts = LOOPBACK_HOSTS if settings.resolve_loopback else frozenset[str]()
    receipts = Receipts(
        resources.store,
        light=open_light_prover(settings.rpc_urls, quorum=settings.quorum()) if settings.rpc_urls else None,
    )
    return Container(
        resources=resources,
        receipts=receipts,
        certificates=build_certificates(resources, receipts, font_dir=settings.font_dir),
        status_lists=StatusLists(resources),
        runner=IssuingRunner(
            resources,
            max_bytes=settings.max_upload_bytes,
            executor=open_executor(
                resources,
                password=settings.issuer_key_password(),
                processes=settings.upload_processes,
                kind=settings.upload_executor,
            ),
        ),
        verifier=Verifier(
            clock=resources.clock,
            json_ld=resources.json_ld,
            did_resolver=did_resolver,
            status_lists=WebStatusLists(resources.clock, replace(fetching, plain_http_hosts=plain_http_hosts)),
            chain=open_chain(settings.rpc_urls),
            published=published,
            keccak=keccak,
        ),
        did_resolver=did_resolver,
        published_contract=published_contract(),
        published=published,
        published_dir=settings.published_dir,
        log_overviews=LogOverviews(resources, published),
        max_upload_bytes=settings.max_upload_bytes,
        upload_pages=UploadPages(resources, max_bytes=settings.max_upload_bytes),
        vc_api=VcApi(failure_status=HTTPStatus(int(settings.vc_api_failure_status)), bare=settings.vc_api_bare),
        mailer=Mailer(resources, open_outbox(settings)),
        close_store=engine.dispose,
        file_reader=open_file_reader(),
        public_rpc_url=settings.public_rpc_url,
    )
