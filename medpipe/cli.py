"""`medpipe <verb> …`: one command for each verb, generated from the verbs' signatures.

The last line of standard output is the value (a ref, or JSON). Progress, remarks and errors go to standard error.
"""

from __future__ import annotations

import argparse
import inspect
import json
import logging
import os
import sys
import traceback
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from medpipe import extras, remarks, wiring
from medpipe.core.naming import shortened
from medpipe.core.refs import kind_of
from medpipe.errors import MedpipeError, NotFound, UsageError, exit_status
from medpipe.ports import Ports
from medpipe.settings import Settings
from medpipe.steps import VERBS

_log = logging.getLogger("medpipe.cli")

LOGGERS = ("medpipe", "serving")
"""The roots of the loggers whose records a shell shows."""


def call(verb: str, arguments: Mapping[str, Any], ports: Ports | None = None) -> Any:
    """Run a verb by name with plain values (strings, lists, None), as the command line and Airflow's tasks do.

    An empty string and `none` mean that an argument is missing. Logs what the result counts (`remarks`).
    Raises NotFound for an unknown verb, UsageError for arguments that do not fit, and what the verb raises.
    """
    if verb not in VERBS:
        raise NotFound(f"there is no verb {shortened(verb)}; there are: {', '.join(VERBS)}")
    converted = {name: _converted(verb, name, value) for name, value in _given(verb, arguments).items()}
    connected = ports or wiring.ports(Settings())
    try:
        value = VERBS[verb](**converted, ports=connected)
    except ModuleNotFoundError as error:
        raise extras.lacking(error) or error from error
    for remark in remarks.of_result(verb, converted, value, connected):
        _log.info("%s", remark)
    return value


def _given(verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that have a value. Raises UsageError for an unknown name and for a missing value."""
    parameters = {name: value for name, value in inspect.signature(VERBS[verb]).parameters.items() if name != "ports"}
    if unknown := [name for name in arguments if name not in parameters]:
        raise UsageError(f"{verb} has no parameter {shortened(unknown[0])}; it has: {', '.join(parameters)}")
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        value = arguments.get(name, "")
        absent = isinstance(value, str) and value in ("", "none")
        if not absent:
            values[name] = value
        elif parameter.default is parameter.empty:
            if value != "none" or type(None) not in typing.get_args(_hint(verb, name)):
                raise UsageError(f"{verb} needs a value for {name!r}: give {_option(name)}")
            values[name] = None
    return values


def _converted(verb: str, name: str, value: Any) -> Any:
    """Return a plain value as its parameter's type: `2026-03-03` as a date, a list as a tuple, a ref of its kind."""
    hint = _hint(verb, name)
    try:
        converted = TypeAdapter(hint).validate_python(value)
    except ValidationError as error:
        reasons = "; ".join(sorted({fault["msg"] for fault in error.errors()}))
        raise UsageError(f"{name}={shortened(value)}: {reasons}") from error
    values = converted if isinstance(converted, tuple) else (converted,)
    if reason := next(filter(None, map(_unusable, values)), ""):
        raise UsageError(f"{name}={shortened(value)}: {reason}")
    if kinds := _ref_kinds(hint):
        for ref in values:
            _refuse_other_kind(name, ref, kinds)
    return converted


def _unusable(value: Any) -> str:
    """Return why a value cannot be stored: a text that is not Unicode, or a time that has no equal in UTC."""
    try:
        if isinstance(value, str):
            value.encode()
        if isinstance(value, datetime) and value.tzinfo:
            value.astimezone(UTC)
    except UnicodeEncodeError:
        return "is not valid Unicode (it holds half of a surrogate pair): correct the encoding of the command"
    except OverflowError:
        return f"lies outside the years {MINYEAR} to {MAXYEAR} in UTC"
    return ""


def _refuse_other_kind(name: str, value: str | None, kinds: Sequence[str]) -> None:
    """Raise UsageError when a value is not a ref of one of the kinds that the parameter takes."""
    expected = " or ".join(f"{kind}/…" for kind in kinds)
    try:
        kind = None if value is None else kind_of(value)
    except UsageError as error:
        raise UsageError(f"{name}={shortened(value)} is not a ref; expected {expected}") from error
    if kind is not None and kind not in kinds:
        raise UsageError(f"{name}={value} is a ref of another kind; expected {expected}")


def _ref_kinds(hint: Any) -> list[str]:
    """Return the kinds of refs that a parameter's type takes (`ExamplesRef | PairsRef`: examples, pairs), or none."""
    members = [member for member in typing.get_args(hint) or (hint,) if member not in (type(None), Ellipsis)]
    if not all(isinstance(member, typing.NewType) for member in members):
        return []
    return [member.__name__.removesuffix("Ref").lower() for member in members]


def _hint(verb: str, name: str) -> Any:
    return typing.get_type_hints(VERBS[verb])[name]


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def parser() -> argparse.ArgumentParser:
    """Return the command line: a subcommand for each verb, an option for each parameter.

    A first parameter that takes several values can be given without its option: `medpipe trace pmid:1 pmid:2`.
    """
    volume = _volume_options()
    top = argparse.ArgumentParser(
        prog="medpipe", description="Keep a medical question-answering LLM current.", parents=[volume]
    )
    commands = top.add_subparsers(dest="verb", required=True, metavar="verb")
    for name, verb in VERBS.items():
        text = inspect.getdoc(verb) or ""
        command = commands.add_parser(
            name.replace("_", "-"),
            help=text.partition("\n")[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[volume],
        )
        _add_options(command, verb)
    return top


def _volume_options() -> argparse.ArgumentParser:
    """Return `--quiet` and `--verbose`, which every command takes before or after the verb."""
    options = argparse.ArgumentParser(add_help=False)
    for level, name, text in (
        (logging.ERROR, "--quiet", "show errors only"),
        (logging.DEBUG, "--verbose", "show details, and the traceback of an unexpected error"),
    ):
        # Without a default: a subcommand's default would replace an option that comes before the verb.
        options.add_argument(
            name, dest="level", action="store_const", const=level, default=argparse.SUPPRESS, help=text
        )
    return options


def _add_options(command: argparse.ArgumentParser, verb: Callable[..., Any]) -> None:
    hints = typing.get_type_hints(verb)
    for position, parameter in enumerate(inspect.signature(verb).parameters.values()):
        if parameter.name == "ports":
            continue
        option: dict[str, Any] = {
            "dest": parameter.name,
            "default": argparse.SUPPRESS,
            "required": parameter.default is inspect.Parameter.empty,
        }
        if typing.get_origin(hints[parameter.name]) is tuple:
            option["nargs"] = "*"
            if position == 0:
                option["required"] = False  # `call` refuses a command that gives it in neither way
                command.add_argument(
                    parameter.name, nargs="*", default=argparse.SUPPRESS, help=f"or {_option(parameter.name)}"
                )
        elif hints[parameter.name] is bool:
            option |= {"action": argparse.BooleanOptionalAction}
        command.add_argument(_option(parameter.name), **option)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (`errors.exit_status`; 0 for success).

    Shows the log of `medpipe.*` and `serving` on standard error while the verb runs: remarks and warnings by default,
    errors only with --quiet, details with --verbose.
    """
    options = vars(parser().parse_args(arguments))
    verb = options.pop("verb").replace("-", "_")
    level = options.pop("level", logging.INFO)
    try:
        with _logging_to_stderr(level):
            value = call(verb, options)
        print(_shown(value), flush=True)
    except (Exception, KeyboardInterrupt) as error:
        _report(verb, error, verbose=level == logging.DEBUG)
        return exit_status(error)
    return 0


def _shown(value: Any) -> str:
    """Return a verb's value as the last line of standard output: a text as it is, `none`, or JSON."""
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return value if isinstance(value, str) else json.dumps(value)


def _report(verb: str, error: BaseException, verbose: bool) -> None:
    """Print one line about an error. A traceback comes before it, and only for a bug under --verbose."""
    command = f"medpipe {verb.replace('_', '-')}"
    if isinstance(error, BrokenPipeError):
        # The reader of standard output is gone (`medpipe card … | head`): nothing is left to say, and the
        # interpreter must not flush again when it ends (https://docs.python.org/3/library/signal.html#note-on-sigpipe).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif isinstance(error, MedpipeError):
        print(f"{command}: {error}", file=sys.stderr)
    elif isinstance(error, KeyboardInterrupt):
        print(f"{command}: interrupted; the same command goes on where it can", file=sys.stderr)
    else:
        if verbose:
            traceback.print_exception(error)
        # Without the error's own message, which may repeat a text that a patient wrote.
        hint = "the traceback is above" if verbose else "--verbose shows the traceback"
        print(
            f"{command}: unexpected {type(error).__name__} in {_origin(error)}: a bug of medpipe; {hint}",
            file=sys.stderr,
        )


def _origin(error: BaseException) -> str:
    """Return the file and line in which an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an unknown place"


class _PlainLines(logging.Formatter):
    """Log records as lines for people: remarks as they are, warnings and errors with that word before them."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno == logging.INFO else f"{record.levelname.lower()}: {text}"


@contextmanager
def _logging_to_stderr(level: int) -> Iterator[None]:
    """Show the records of LOGGERS from `level` on standard error, and leave logging as it was afterwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainLines())
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, earlier in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(earlier)


if __name__ == "__main__":
    sys.exit(main())
