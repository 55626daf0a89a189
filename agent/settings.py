"""Reads agent.yaml, and says where it is wrong. Runs in the command, never in the resident process."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from agent.config import AgentConfig, LocalJob, address_error
from checks.kit import registry, strict
from checks.kit.model import Job, decode_params

VARIABLE = "SANSANG_AGENT_CONFIG_FILE"
DEFAULT = "/etc/sansang/agent.yaml"


def load(option: str | None) -> tuple[AgentConfig, str | None]:
    """The settings and the file they came from: `option`, else $SANSANG_AGENT_CONFIG_FILE, else
    /etc/sansang/agent.yaml where there is one, else the defaults and None. Raises strict.ConfigError."""
    file = option or os.environ.get(VARIABLE) or (DEFAULT if Path(DEFAULT).is_file() else None)
    if file is None:
        return AgentConfig(), None
    document = strict.load(file, AgentConfig)
    _check_address(document)
    _check_jobs(document)
    return document.value, file


def _check_address(document: strict.Document[AgentConfig]) -> None:
    config = document.value
    wrong = address_error(config.collector, config.plain_http) if config.collector else None
    if wrong:
        raise document.error(("collector",), wrong)


def _check_jobs(document: strict.Document[AgentConfig]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for index, job in enumerate(document.value.jobs):
        if job.key in seen:
            raise document.error(("jobs", index), f"the same check and target as jobs[{seen[job.key]}]")
        seen[job.key] = index
        _check_job(document, index, job)


def _check_job(document: strict.Document[AgentConfig], index: int, job: LocalJob) -> None:
    if job.check not in registry.names():
        known = ", ".join(registry.names())
        raise document.error(("jobs", index, "check"), f"no check is called {job.check!r}; there are: {known}")
    wrong = params_error(job)
    if wrong:
        key, expected = wrong
        raise document.error(("jobs", index, "params", *key), expected)


def params_error(job: Job) -> tuple[tuple[str, ...], str] | None:
    """Where in a job's params its check disagrees, and what it expected; None when it does not."""
    try:
        decode_params(registry.load(job.check), job.params)
    except msgspec.ValidationError as why:
        message, _, path = str(why).partition(" - at `$.")
        key = tuple(path.rstrip("`").replace("[...]", "").split(".")) if path else ()
        if message.startswith("Object contains unknown field `"):
            name = message.split("`")[1]
            return (*key, name), f"unknown key {name!r}"
        if message.startswith("Object missing required field `"):
            return (*key, message.split("`")[1]), "is missing"
        return key, message[0].lower() + message[1:].replace("`", "")
    return None
