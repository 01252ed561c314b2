"""The verifiers' and auditors' part of the story: every case by API and by command, the service off, the logs audited."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from registry.demo.cases import UNREACHABLE_RPC, Case
from registry.demo.client import Service
from registry.demo.screen import Screen
from registry.demo.stage import Stage
from registry.domain.log_name import LogName
from registry.domain.verdict import ExitCode, Word

AT_ONCE: Final = 2
"""Each command starts an interpreter; two keep two cores busy."""
EXIT_CODES: Final = tuple(int(code) for code in ExitCode)


class Wrong(Exception):
    """Something did not come out as it must."""


def judge_by_command(stage: Stage, screen: Screen, cases: tuple[Case, ...]) -> dict[str, str]:
    """Verify every case with `credroot verify` and return the verdicts.

    Raises Wrong when one is not as it must be.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda case: _command(stage, case), cases))
    verdicts = {case.name: str(answer["verdict"]) for case, answer in zip(cases, answers, strict=True)}
    for case, answer in zip(cases, answers, strict=True):
        screen.say("verify", f"{case.name:<22} {verdicts[case.name].upper():<17} {case.tells}{_why(answer)}")
    _compare("command", cases, verdicts)
    return verdicts


def judge_by_service(service: Service, cases: tuple[Case, ...], *, chain: bool) -> dict[str, str]:
    """Verify the cases with the same evidence by `POST /v1/verify`, those for which the chain is (un)reachable.

    Raises Wrong when one is not as it must be.
    """
    chosen = tuple(case for case in cases if case.chain is chain)
    verdicts = {case.name: str(_ask(service, case)["verdict"]) for case in chosen}
    _compare("service", chosen, verdicts)
    return verdicts


def judge_without_service(stage: Stage, screen: Screen, cases: tuple[Case, ...], *, log: LogName) -> dict[str, str]:
    """Verify with the chain and published files alone, and then without them: service and database are gone."""
    named = {case.name: case for case in cases}
    web, key = named["valid"], named["valid-did-key"]
    published = ["--published", str(stage.folder / "published")]
    asked = (
        ("did:key, chain and files", key, ["--rpc", stage.rpc_url, *published], Word.VALID),
        ("did:web, log trusted", web, ["--rpc", stage.rpc_url, *published, "--trust-log", str(log)], Word.VALID),
        ("did:web, nobody trusted", web, ["--rpc", stage.rpc_url, *published], Word.INDETERMINATE),
        ("did:key, no chain", key, ["--rpc", UNREACHABLE_RPC, *published], Word.INDETERMINATE),
    )
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda item: _verify(stage, item[1], item[2]), asked))
    for (what, _, _, expected), answer in zip(asked, answers, strict=True):
        screen.say("offline", f"{what:<26} {str(answer['verdict']).upper()}")
        if answer["verdict"] != expected:
            raise Wrong(f"without the service, {what}: expected {expected}, got {answer['verdict']}")
    return {what: str(answer["verdict"]) for (what, *_), answer in zip(asked, answers, strict=True)}


def audit(stage: Stage, screen: Screen, *, log: LogName, planted_log: LogName) -> dict[str, int]:
    """Audit both logs with nothing but the chain and published files; write `audit.json`."""
    reports: dict[str, Any] = {}
    codes: dict[str, int] = {}
    for name, audited, folder in (("clean", log, "published"), ("planted", planted_log, "planted")):
        file = stage.folder / f"audit-{name}.json"
        arguments = ["--rpc", stage.rpc_url, "--log", str(audited), "--published", str(stage.folder / folder)]
        codes[name], _ = stage.script("audit_log", [*arguments, "--json", str(file)], accepted=(0, 1, 3))
        reports[name] = json.loads(file.read_text(encoding="utf-8"))
        file.unlink()
        found = sorted({finding["code"] for finding in reports[name]["findings"]})
        screen.say("audit", f"{name:<8} exit {codes[name]}  {', '.join(found) or 'every root rebuilt, no finding'}")
    (stage.folder / "audit.json").write_text(json.dumps(reports, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if codes != {"clean": 0, "planted": 1}:
        raise Wrong(f"audits: expected 0 and 1, got {codes}")
    return codes


def _command(stage: Stage, case: Case) -> dict[str, Any]:
    arguments = ["--rpc", stage.rpc_url if case.chain else UNREACHABLE_RPC]
    arguments += ["--published", str(stage.folder / "published")] if case.receipt is None else []
    arguments += ["--resolve-did", "--ca-file", str(stage.ca_file)] if case.resolve_did else []
    for log in case.trust_logs:
        arguments += ["--trust-log", log]
    return _verify(stage, case, arguments)


def _verify(stage: Stage, case: Case, arguments: list[str]) -> dict[str, Any]:
    place: Path = stage.folder / "cases"
    receipt = [] if case.receipt is None else ["--receipt", str(place / f"{case.name}.receipt.json")]
    code, printed = stage.command_code(
        "verify", str(place / f"{case.name}.json"), *receipt, *arguments, "--json", accepted=EXIT_CODES
    )
    answer: dict[str, Any] = json.loads(printed)
    if answer["exitCode"] != code:
        raise Wrong(f"{case.name}: exit code {code}, but the verdict says {answer['exitCode']}")
    return answer


def _ask(service: Service, case: Case) -> dict[str, Any]:
    body: dict[str, Any] = {
        "credential": case.document,
        "options": {"resolveDid": case.resolve_did, "trustLogs": list(case.trust_logs)},
    }
    if case.receipt is not None:
        body["receipt"] = case.receipt
    answer: dict[str, Any] = service.post("/v1/verify", body)
    return answer


def _compare(how: str, cases: tuple[Case, ...], verdicts: dict[str, str]) -> None:
    for case in cases:
        if verdicts[case.name] != case.expected:
            raise Wrong(f"{case.name} by {how}: expected {case.expected}, got {verdicts[case.name]}")


def _why(answer: dict[str, Any]) -> str:
    failed = [check["id"] for check in answer["checks"] if check["result"] == "fail"]
    unsure = [check["id"] for check in answer["checks"] if check["result"] == "unknown"]
    if failed:
        return f"  (fails: {', '.join(failed)})"
    return f"  (unknown: {', '.join(unsure)})" if unsure else ""
