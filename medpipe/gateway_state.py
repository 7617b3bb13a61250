"""What a gateway needs of the wiring."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from medpipe import ports
from medpipe.core.safety.guardrails import Guardrails
from medpipe.settings import Settings
from medpipe.wiring import Wiring


class GatewayState(NamedTuple):
    """What a gateway reads and writes."""

    routes: ports.Routes
    answers: ports.AnswerLog
    guardrails: Guardrails
    withdrawals: ports.WithdrawalRegister
    keys: ports.KeyStore
    kill_switch: ports.KillSwitch
    redactor: ports.Redactor
    signing_keys: tuple[bytes, ...]
    """The first signs ids of answers; ids that any of them signed are accepted."""
    published_indexes: ports.PublishedIndexes
    open_index: Callable[[str], ports.SourceIndex]
    """Opens the index of a ref. Raises NotFound, and Damaged for a file that is missing or changed."""


def gateway_state(settings: Settings) -> GatewayState:
    """Return the ports that `serving` needs, on a migrated database."""
    wiring = Wiring(settings)

    def open_index(ref: str) -> ports.SourceIndex:
        return wiring.source_indexes.open(wiring.store.folder(ref))

    return GatewayState(
        wiring.routes,
        wiring.answers,
        wiring.guardrails,
        wiring.withdrawals,
        wiring.keys,
        wiring.kill_switch,
        wiring.redactor,
        wiring.signing_keys,
        wiring.published_indexes,
        open_index,
    )
