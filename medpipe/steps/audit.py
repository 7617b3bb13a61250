"""The audit of what gateways write: chain_answers."""

from __future__ import annotations

from medpipe.ports import Ports


def chain_answers(*, ports: Ports) -> int:
    """Chain every answer and rating that gateways have written since the last run, and return how many there were.

    Until then, a change of them in the database is not found. Texts are not read, and gateways do not wait.
    """
    return ports.audit.chain_answers()
