"""`step()` and `ml_step()`: one verb as one Airflow task.

Both return a TaskFlow decorator's task with the verb's own parameters, so that a wrong name fails when the
DAG is parsed, and values can be mapped (`.partial(…).expand(…)`) and templated like any task's.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import IO, Any

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from medpipe.errors import ChampionMoved, DataError, MedpipeError, UsageError, hopeless
from medpipe.settings import Settings
from medpipe.steps import VERBS
from medpipe_airflow.links import validating_task

log = logging.getLogger("airflow.task.medpipe")

DEFAULTS: dict[str, Any] = {
    "owner": "medpipe",
    "retries": 2,
    "retry_delay": timedelta(seconds=15),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(minutes=30),
}
"""Task options of every medpipe DAG: sources and servers have bad minutes, and every verb may be run again."""


def step(verb: str, *, skip_when_none: bool = False, **options: Any) -> Any:
    """A task that runs a verb in this process: for light verbs.

    `skip_when_none`: when the verb finds nothing to do (returns None), what follows is skipped.
    """

    def run(**arguments: Any) -> Any:
        from medpipe.cli import call

        try:
            value = call(verb, _given(verb, arguments))
        except (UsageError, DataError, ChampionMoved) as error:
            raise AirflowFailException(str(error)) from error
        return _finish(value, skip_when_none)

    return _as_task(verb, run, options)


def ml_step(verb: str, *, skip_when_none: bool = False, **options: Any) -> Any:
    """A task that runs a verb as `python -m medpipe.cli` on the queue and pool `gpu`: for verbs that load torch.

    Airflow's environment then needs no torch: MEDPIPE_PYTHON names the interpreter that has it.
    """

    def run(**arguments: Any) -> Any:
        return _finish(_run_process(command(verb, _given(verb, arguments))), skip_when_none)

    routed = {"queue": "gpu", "pool": "gpu", "execution_timeout": timedelta(hours=12), **options}
    return _as_task(verb, run, routed)


def command(verb: str, arguments: dict[str, Any]) -> list[str]:
    """The CLI line of a verb."""
    # --verbose: an error that medpipe does not expect leaves its traceback in the task's log.
    line = [Settings().python or sys.executable, "-m", "medpipe.cli", verb.replace("_", "-"), "--verbose"]
    for name, value in arguments.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            line.append(f"--{option}" if value else f"--no-{option}")
        else:
            line += [f"--{option}", *map(_word, value if isinstance(value, list) else [value])]
    return line


def _given(verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments as plain values; None and nothing are left out where the verb has a default."""
    parameters = inspect.signature(VERBS[verb]).parameters
    plain = {name: _plain(value) for name, value in arguments.items() if name in parameters}
    return {
        name: value
        for name, value in plain.items()
        if value not in (None, "", []) or parameters[name].default is inspect.Parameter.empty
    }


def _as_task(verb: str, run: Callable[..., Any], options: dict[str, Any]) -> Any:
    """`run` under the verb's name, signature and documentation, as a TaskFlow task."""
    signature = inspect.signature(VERBS[verb])
    # Airflow allows no default but None for a parameter that is also a key of its context ("reason").
    wanted = [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=Any,
            default=(parameter.empty if parameter.default is parameter.empty else None),
        )
        for name, parameter in signature.parameters.items()
        if name != "ports"
    ]
    run.__name__ = verb
    run.__doc__ = inspect.getdoc(VERBS[verb])
    run.__signature__ = signature.replace(parameters=wanted, return_annotation=Any)  # type: ignore[attr-defined]
    run.__annotations__ = {}
    chosen = {"task_id": verb, "doc_md": run.__doc__, "multiple_outputs": False, **options}
    made = validating_task if verb == "validate" else task
    return made(**chosen)(run)


def _run_process(line: Sequence[str]) -> str | None:
    """Run the CLI, pass its lines on to the task's log and return the last line of its standard output."""
    # A session of its own, so that the whole group can be killed; and it must not outlive this task.
    process = subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 (one thread here)
    )
    context = get_current_context()
    context["ti"].task.on_kill = lambda: _kill_group(process)
    log.info("running: %s", " ".join(line[1:]))
    assert process.stdout is not None and process.stderr is not None
    # Apart from each other: a warning that an interpreter prints on its way out must not pass for the value.
    with ThreadPoolExecutor(1) as narrator:
        told = narrator.submit(_pass_on, process.stderr)
        try:
            value = _pass_on(process.stdout)
            status = process.wait()
        finally:
            _kill_group(process)
        fault = told.result() or value
    if hopeless(status):
        raise AirflowFailException(fault)
    if status:
        raise MedpipeError(f"{line[3]} ended with status {status}: {fault}")
    return None if value == "none" else value


def _pass_on(lines: IO[str]) -> str:
    """Write a stream's lines to the task's log; returns the last that is not blank."""
    last = ""
    for text in lines:
        if text.strip():
            last = text.strip()
            log.info("%s", last)
    return last


def _kill_group(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the task's process dies, however that dies."""
    if sys.platform == "linux":
        import ctypes

        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def _finish(value: Any, skip_when_none: bool) -> Any:
    if value is None and skip_when_none:
        raise AirflowSkipException("nothing to do")
    log.info("value: %s", value if isinstance(value, str) else json.dumps(value))
    return value


def _word(value: Any) -> str:
    return "none" if value is None else str(value)


def _plain(value: Any) -> Any:
    """Airflow's lazy sequences (of mapped tasks) and tuples become lists."""
    if isinstance(value, str | dict) or not isinstance(value, Sequence):
        return value
    return [each for each in value if each is not None]
