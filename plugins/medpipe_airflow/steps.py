"""`step()` and `ml_step()`: one verb as one Airflow task.

Both return a TaskFlow task with the verb's own parameters. A wrong parameter name fails when the DAG is parsed, and
values can be mapped (`.partial(…).expand(…)`) and templated like any task's.
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
from pydantic import BaseModel

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
"""Task options of every medpipe DAG. Sources and servers fail for minutes, and every verb can safely be run again."""


HOURS: dict[str, Any] = {"execution_timeout": timedelta(hours=6)}
"""Task options of verbs that read the whole corpus: a million documents take about half an hour on two cores."""


def step(
    verb: str, *, skip_when_none: bool = False, skip_without: str = "", apart: bool = False, **options: Any
) -> Any:
    """Return a task that runs a verb in the worker's process: for verbs that do not load torch.

    `skip_when_none`: skip the tasks that follow when the verb returns None. `skip_without`: an argument without which
    the verb is skipped. `apart`: run the verb as `python -m medpipe.cli`, for verbs that work in several processes: a
    task in a Celery worker is a daemon, and a daemon cannot start any. `options` are Airflow's task options.
    """

    def run(**arguments: Any) -> Any:
        from medpipe.cli import call

        plain = _needed(verb, arguments, skip_without)
        if apart:
            return _finish(_run_process(command(verb, plain, sys.executable)), skip_when_none)
        try:
            value = call(verb, plain)
        except (UsageError, DataError, ChampionMoved) as error:
            raise AirflowFailException(str(error)) from error
        return _finish(value, skip_when_none)

    return _as_task(verb, run, options)


def ml_step(verb: str, *, skip_when_none: bool = False, skip_without: str = "", **options: Any) -> Any:
    """Return a task that runs a verb as `python -m medpipe.cli` on the queue and pool `gpu`: for verbs that load torch.

    Airflow's environment then needs no torch: MEDPIPE_PYTHON names the interpreter that has it. `skip_when_none` and
    `skip_without` as in `step`.
    """

    def run(**arguments: Any) -> Any:
        line = command(verb, _needed(verb, arguments, skip_without), Settings().python or sys.executable)
        return _finish(_run_process(line), skip_when_none)

    routed = {"queue": "gpu", "pool": "gpu", "execution_timeout": timedelta(hours=12), **options}
    return _as_task(verb, run, routed)


def command(verb: str, arguments: dict[str, Any], python: str) -> list[str]:
    """Return the command line that runs a verb with these arguments. `python`: the interpreter."""
    # --verbose: an error that medpipe does not expect leaves its traceback in the task's log.
    line = [python, "-m", "medpipe.cli", verb.replace("_", "-"), "--verbose"]
    for name, value in arguments.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            line.append(f"--{option}" if value else f"--no-{option}")
        else:
            line += [f"--{option}", *map(_word, value if isinstance(value, list) else [value])]
    return line


def _needed(verb: str, arguments: dict[str, Any], skip_without: str) -> dict[str, Any]:
    """Return the arguments as plain values. Raises AirflowSkipException without the one that there must be."""
    plain = _plain_arguments(verb, arguments)
    if skip_without and not plain.get(skip_without):
        raise AirflowSkipException(f"no {skip_without}: there is nothing to do")
    return plain


def _plain_arguments(verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments as plain values, without empty ones for which the verb has a default."""
    parameters = inspect.signature(VERBS[verb]).parameters
    plain = {name: _plain(value) for name, value in arguments.items() if name in parameters}
    return {
        name: value
        for name, value in plain.items()
        if value not in (None, "", []) or parameters[name].default is inspect.Parameter.empty
    }


def _as_task(verb: str, run: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Return a TaskFlow task of `run` with the verb's name, signature and documentation."""
    signature = inspect.signature(VERBS[verb])
    # Airflow allows no default but None for a parameter that is also a key of its context ("reason").
    parameters = [
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
    run.__signature__ = signature.replace(parameters=parameters, return_annotation=Any)  # type: ignore[attr-defined]  # inspect reads it
    run.__annotations__ = {}
    chosen = {"task_id": verb, "doc_md": run.__doc__, "multiple_outputs": False, **options}
    decorator = validating_task if verb == "validate" else task
    return decorator(**chosen)(run)


def _run_process(line: Sequence[str]) -> str | None:
    """Run the CLI, copy its output to the task's log, and return the last line of its standard output.

    Raises AirflowFailException for an error that another try cannot mend, and MedpipeError for any other.
    """
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
    context["ti"].task.on_kill = lambda: _kill_group(process)  # type: ignore[method-assign]  # a TaskFlow task has no other hook
    log.info("running: %s", " ".join(line[1:]))
    assert process.stdout is not None and process.stderr is not None
    # The streams are read apart: a warning that an interpreter prints at its end must not pass for the value.
    with ThreadPoolExecutor(1) as narrator:
        last_remark = narrator.submit(_pass_on, process.stderr)
        try:
            value = _pass_on(process.stdout)
            status = process.wait()
        finally:
            _kill_group(process)
        fault = last_remark.result() or value
    if hopeless(status):
        raise AirflowFailException(fault)
    if status:
        raise MedpipeError(f"{line[3]} ended with status {status}: {fault}")
    return None if value == "none" else value


def _pass_on(lines: IO[str]) -> str:
    """Write a stream's lines to the task's log, and return the last one that is not blank."""
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
    """Ask Linux to kill this process when the task's process ends, even if that process is killed."""
    if sys.platform == "linux":
        import ctypes

        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def _finish(value: Any, skip_when_none: bool) -> Any:
    """Return a verb's value as XCom keeps it, plain, after writing it to the log."""
    if value is None and skip_when_none:
        raise AirflowSkipException("the verb returned none: there is nothing to do")
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    log.info("value: %s", plain if isinstance(plain, str) else json.dumps(plain))
    return plain


def _word(value: Any) -> str:
    return "none" if value is None else str(value)


def _plain(value: Any) -> Any:
    """Return lists for tuples and for Airflow's lazy sequences of mapped tasks, without None."""
    if isinstance(value, str | dict) or not isinstance(value, Sequence):
        return value
    return [item for item in value if item is not None]
