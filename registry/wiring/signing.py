"""What a process of the pool signs with, made where it is used: nothing here opens a database or a chain."""

import os
import secrets
from dataclasses import dataclass, field
from typing import Literal

from registry.adapters.clock import SystemClock
from registry.adapters.identifiers import Identifiers
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.process_pool import ProcessPool
from registry.adapters.ray_pool import RayPool
from registry.adapters.shaped_json_ld import open_json_ld
from registry.service.resources import Resources, SigningTools
from registry.service.row_work import RowExecutor, RowWorker


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFactory:
    """Makes a worker in a process of the pool. It is sent there through a socket, the password with it."""

    public_url: str
    password: str = field(repr=False)

    def __call__(self) -> RowWorker:
        """Make the worker."""
        clock = SystemClock()
        return RowWorker(
            SigningTools(
                clock=clock,
                ids=Identifiers(clock),
                keys=PasswordKeyVault(self.password),
                json_ld=open_json_ld(),
                public_url=self.public_url,
                random_bytes=secrets.token_bytes,
            )
        )


def open_executor(
    resources: Resources, *, password: str, processes: int | None, kind: Literal["processes", "ray"] = "processes"
) -> RowExecutor | None:
    """Return what uploads are judged and signed by: None, for this process alone, with fewer than two processes.

    Unless a number is given there is one for each core that this process may use.
    """
    processes = len(os.sched_getaffinity(0)) if processes is None else processes
    if processes < 2:
        return None
    factory, local = WorkerFactory(public_url=resources.public_url, password=password), RowWorker(resources)
    if kind == "ray":
        return RayPool(factory, processes=processes, local=local)
    return ProcessPool(factory, processes=processes, local=local)
