"""The switch that stops every gateway: stop_serving, resume_serving."""

from __future__ import annotations

from medpipe.core.stop import Stop
from medpipe.errors import UsageError
from medpipe.ports import Ports

_BY_CHARS, _REASON_CHARS = 200, 1000


def stop_serving(reason: str, by: str, *, ports: Ports) -> Stop:
    """Stop every gateway: within a second none gives a model's answer, until `resume_serving`.

    Answers that are being given end, and a restart changes nothing. The guardrails go on: who writes of chest pain or
    of suicide still gets the pointer to help, which no model writes. `reason` and `by` are shown to everybody who asks.
    Raises UsageError without a reason or a name.
    """
    return ports.kill_switch.set(True, *_said(reason, by))


def resume_serving(reason: str, by: str, *, ports: Ports) -> Stop:
    """Lift the stop. Raises UsageError without a reason or a name, and when serving is not stopped."""
    return ports.kill_switch.set(False, *_said(reason, by))


def _said(reason: str, by: str) -> tuple[str, str]:
    reason, by = " ".join(reason.split()), " ".join(by.split())
    if not reason or len(reason) > _REASON_CHARS:
        raise UsageError(f"say why in 1 to {_REASON_CHARS} characters (reason): everybody who asks is shown it")
    if not by or len(by) > _BY_CHARS:
        raise UsageError(f"say in 1 to {_BY_CHARS} characters who decided it (by)")
    return reason, by
