"""What a person may ask for, and how long answers are kept: export_subject, forget_answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from medpipe import owner_only
from medpipe.errors import NotFound, UsageError
from medpipe.ports import Ports
from medpipe.steps.lease import exclusively
from medpipe.steps.unerased import LEASE

_LONGEST = 365 * 100


class Forgotten(BaseModel):
    """What was erased because it is old."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    answers: int
    """Answers whose texts were blanked."""
    left: str = ""
    """What the files of the database still have of the texts, and what to do; empty when nothing is left there."""


def export_subject(identity: str, to: Path, *, ports: Ports) -> str:
    """Write everything that is stored of an identity to a new file, one JSON object a line; return the file.

    `identity`: a holder of `medpipe keys`. It gets the holder's keys without secrets, the questions and answers, and
    the feedback, as they are stored: with placeholders instead of personal identifiers. Only the owner may read the
    file. Raises UsageError for a file that exists or cannot be made, and NotFound when nothing is stored.
    """
    keys = [key.model_dump(mode="json") for key in ports.keys.all() if key.holder == identity]
    rows = [{"kind": "key", **key} for key in keys]
    stored = ports.feedback.of_identity(identity)
    first = next(stored, None)
    if first is None and not rows:
        raise NotFound(f"nothing is stored of {identity!r}; `medpipe keys` lists holders")
    if to.exists():
        raise UsageError(f"{to} exists: name a new file")
    try:
        owner_only.file(to)
        with to.open("w", encoding="utf-8") as file:
            for row in (*rows, *([first] if first else [])):
                file.write(_line(row))
            file.writelines(map(_line, stored))
    except OSError as error:
        raise UsageError(f"{to} cannot be written ({error.strerror}): name a file in a folder that exists") from error
    return str(to)


def forget_answers(days: int, reason: str, by: str, *, ports: Ports) -> Forgotten:
    """Erase the texts of every answer that was given more than `days` days ago and that nobody has rated.

    Rated answers stay, because pairs and what learned from them rest on them: `erase` erases those. A tombstone
    without texts is kept for each. The same call again finishes a run that was killed. Raises UsageError for a number
    of days below 1, and without a reason or a name.
    """
    if not 1 <= days <= _LONGEST:
        raise UsageError(f"days={days}: say after how many days answers are forgotten, 1 to {_LONGEST}")
    if not reason.strip() or not by.strip():
        raise UsageError("say why (reason) and who decides (by): both are kept")
    before = datetime.now(UTC) - timedelta(days=days)
    with exclusively(ports.leases, LEASE):
        answers = ports.feedback.erase_older(before, reason.strip(), by.strip()[:200])
    return Forgotten(answers=answers, left=ports.feedback.forget())


def _line(row: object) -> str:
    return json.dumps(row, ensure_ascii=False, default=str) + "\n"
