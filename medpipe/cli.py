"""`medpipe <verb> …`: one command per verb, generated from the verbs' signatures.

Progress and errors go to standard error; the last line of standard output is the value (a ref, or JSON).
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from medpipe import extras, wiring
from medpipe.errors import MedpipeError, exit_status
from medpipe.ports import Ports
from medpipe.settings import Settings
from medpipe.steps import VERBS


def call(verb: str, arguments: Mapping[str, Any], ports: Ports | None = None) -> Any:
    """Run a verb by name with plain values (strings, lists, None), as the CLI and Airflow tasks do.

    Raises KeyError for an unknown verb, MedpipeError for arguments that do not fit.
    """
    made = VERBS[verb]
    given = {name: value for name, value in arguments.items() if value not in ("", "none")}
    try:
        inspect.signature(made).bind(**given, ports=None)
    except TypeError as error:
        raise MedpipeError(f"{verb}: {error}") from error
    converted = {name: _converted(verb, name, value) for name, value in given.items()}
    try:
        return made(**converted, ports=ports or wiring.ports(Settings()))
    except ModuleNotFoundError as error:
        raise extras.lacking(error) or error from error


def _converted(verb: str, name: str, value: Any) -> Any:
    """A plain value as the parameter's type: `2026-03-03` as a date, a list as a tuple."""
    try:
        return TypeAdapter(typing.get_type_hints(VERBS[verb])[name]).validate_python(value)
    except ValidationError as error:
        faults = "; ".join(fault["msg"] for fault in error.errors())
        raise MedpipeError(f"{verb}: {name}={value!r}: {faults}") from error


def parser() -> argparse.ArgumentParser:
    """The command line: a subcommand per verb, an option per parameter.

    A first parameter that takes several values can be given without its option too: `medpipe trace pmid:1 pmid:2`.
    """
    top = argparse.ArgumentParser(prog="medpipe", description="Keep a medical question-answering LLM current.")
    commands = top.add_subparsers(dest="verb", required=True, metavar="verb")
    for name, verb in VERBS.items():
        text = inspect.getdoc(verb) or ""
        command = commands.add_parser(
            name.replace("_", "-"),
            help=text.splitlines()[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _add_options(command, verb)
    return top


def _add_options(command: argparse.ArgumentParser, verb: Callable[..., Any]) -> None:
    hints = typing.get_type_hints(verb)
    for place, parameter in enumerate(inspect.signature(verb).parameters.values()):
        if parameter.name == "ports":
            continue
        option: dict[str, Any] = {
            "dest": parameter.name,
            "default": argparse.SUPPRESS,
            "required": parameter.default is inspect.Parameter.empty,
        }
        if typing.get_origin(hints[parameter.name]) is tuple:
            option["nargs"] = "*"
            if place == 0:
                option["required"] = False  # `call` refuses a command that gives it in neither way
                command.add_argument(
                    parameter.name,
                    nargs="*",
                    default=argparse.SUPPRESS,
                    help=f"or --{parameter.name.replace('_', '-')}",
                )
        elif hints[parameter.name] is bool:
            option |= {"action": argparse.BooleanOptionalAction}
        command.add_argument("--" + parameter.name.replace("_", "-"), **option)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns 0, or the error's exit status (1 expected trouble, 65 rejected data, 2 usage)."""
    given = vars(parser().parse_args(arguments))
    verb = given.pop("verb").replace("-", "_")
    try:
        value = call(verb, given)
    except MedpipeError as error:
        print(f"medpipe {verb}: {error}", file=sys.stderr)
        return exit_status(error)
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    print("none" if plain is None else plain if isinstance(plain, str) else json.dumps(plain))
    return 0


if __name__ == "__main__":
    sys.exit(main())
