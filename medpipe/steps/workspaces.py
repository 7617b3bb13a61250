"""Trainings that have begun and are not finished: what their workspaces say that they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from medpipe.core.manifests import AdapterInputs
from medpipe.ports import Ports

_INPUTS = "inputs.json"


def begin(place: Path, inputs: AdapterInputs) -> None:
    """Say in a workspace what is trained there: `gc` keeps that until the workspace goes."""
    if inputs_in(place) != inputs:
        (place / _INPUTS).write_text(inputs.model_dump_json(), encoding="utf-8")


def inputs_in(place: Path) -> AdapterInputs | None:
    """Return what is trained in a workspace; None in another folder, and where a kill left half of it."""
    try:
        return AdapterInputs.model_validate_json((place / _INPUTS).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def unfinished(ports: Ports) -> Iterator[AdapterInputs]:
    """Yield what each unfinished training is made of."""
    yield from (inputs for place in ports.workspaces() if (inputs := inputs_in(place)))
