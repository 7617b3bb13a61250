"""docker-compose.yml as tests read it: its services, their commands, and the environment that compose gives to each."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

import yaml

from tests.places import ROOT

FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def command(service: Mapping[str, Any]) -> list[str]:
    """Return the words of a service's command."""
    stated = service.get("command", [])
    return shlex.split(stated) if isinstance(stated, str) else [str(word) for word in stated]


def environment(service: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the variables of a service as the file has them; None: as in the shell that runs compose."""
    stated: dict[str, str | None] = service.get("environment", {})
    return stated


def given(service: Mapping[str, Any], shell: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a service's container has, where a shell with some variables runs compose."""
    passed = {name: shell.get(name) if value is None else value for name, value in environment(service).items()}
    return {
        name: re.sub(r"\$\{(\w+):-([^}]*)\}", lambda match: shell.get(match[1]) or match[2], value)
        for name, value in passed.items()
        if value is not None
    }
