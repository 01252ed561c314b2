"""The JavaScript verifiers, as one process that answers a line with a line (judge.mjs)."""

import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from registry.domain.canonical import JsonObject

FOLDER: Final = Path(__file__).parent
STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What somebody thinks of a credential."""

    accepted: bool
    why: str


@dataclass(slots=True, kw_only=True)
class NodeJudge:
    """A running judge process."""

    process: subprocess.Popen[str]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def opinion(self, judge: str, credential: JsonObject) -> Opinion:
        """Ask `digitalbazaar` or `verifier-core` about a credential."""
        answer = self._ask(call=judge, credential=credential)
        return Opinion(accepted=answer["accepted"], why=answer["why"])

    def issue(self, suite: str, credential: JsonObject) -> JsonObject:
        """Let digitalbazaar sign a credential with a new did:key."""
        issued: JsonObject = self._ask(call="issue", suite=suite, credential=credential)["issued"]
        return issued

    def suites(self) -> list[str]:
        """Return the suites that `issue` knows."""
        return list(self._ask(call="suites")["suites"])

    def _ask(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
        number = next(self._numbers)
        _pipe(self.process.stdin).write(json.dumps({"id": number, **request}) + "\n")
        _pipe(self.process.stdin).flush()
        line = _pipe(self.process.stdout).readline()
        if not line:
            raise RuntimeError(f"the judge ended with {self.process.wait(STOP_SECONDS)}: run `make judges-tools`")
        answer: dict[str, Any] = json.loads(line)
        if answer["id"] != number or "failed" in answer:
            raise RuntimeError(f"the judge failed: {answer}")
        return answer


@contextmanager
def run_node_judge(schemas: Path) -> Iterator[NodeJudge]:
    """Yield the judge; `schemas` holds the Open Badges schemas that verifier-core asks for."""
    process = subprocess.Popen(
        ["node", "judge.mjs", str(schemas)],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield NodeJudge(process=process)
    finally:
        _pipe(process.stdin).close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        _pipe(process.stdout).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("the judge was started without pipes")
    return pipe
