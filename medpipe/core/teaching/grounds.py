"""What feedback is judged against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from medpipe.core.teaching.contradiction import Known
from medpipe.core.teaching.recognition import Claims


class Grounds(NamedTuple):
    """What feedback is judged against, beside the policy."""

    known: Mapping[str, Known] = {}
    """What the corpus says, by normalised question (`contradiction.known`)."""
    claims: Claims = Claims()
    """Withdrawn claims in force."""
    released: frozenset[str] = frozenset()
    """Corrections that a person let through, by `contradiction.correction_id`."""
    discarded: frozenset[str] = frozenset()
    """Corrections that a person keeps out for good."""
