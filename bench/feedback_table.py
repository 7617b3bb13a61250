"""The table of `bench.feedback_attack`: a row for each strategy, with its worst cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medpipe.sandbox.asking import USERS


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as Markdown. All cells are in bench/results/feedback.json."""
    cells, seconds = figures["cells"], figures.get("seconds", "?")
    strategies = list(dict.fromkeys(cell["strategy"] for cell in cells))
    undefended = sorted({_size(cell) for cell in cells if cell["every rating"]})
    names = [f"every rating taught: {100 * share:g} % of the items, {keys} keys" for share, keys in undefended]
    rows = [
        f"{figures['items']} items of {USERS} honest people teach {figures['clean pairs']} pairs. "
        f"{len(cells)} attacks, {figures.get('trainings', '?')} trainings by DPO, {seconds} seconds.",
        "",
        f"| attack | cells | most waiting | hostile pairs | weights as without the attack | worst success | "
        f"{' | '.join(names)} |",
        f"|{'---|' * (6 + len(names))}",
    ]
    rows += [_row([cell for cell in cells if cell["strategy"] == name], undefended) for name in strategies]
    return "\n".join(rows)


def _row(cells: Sequence[Mapping[str, Any]], undefended: Sequence[tuple[float, int]]) -> str:
    defended = [cell["defended"] for cell in cells]
    naive = {_size(cell): cell["every rating"] for cell in cells}
    columns = (
        cells[0]["strategy"],
        str(len(cells)),
        str(max(taught["waiting"] for taught in defended)),
        str(max(taught["hostile"] for taught in defended)),
        f"{sum(taught['same_weights'] for taught in defended)} of {len(cells)}",
        _share(max(defended, key=lambda taught: (taught["success"] / taught["probes"], taught["probes"]))),
        *(_share(naive[size]) if naive.get(size) else "–" for size in undefended),
    )
    return f"| {' | '.join(columns)} |"


def _size(cell: Mapping[str, Any]) -> tuple[float, int]:
    return cell["share"], cell["identities"]


def _share(taught: Mapping[str, Any]) -> str:
    low, high = taught["interval"]
    return f"{taught['success']} of {taught['probes']} [{low:.3f}, {high:.3f}]"
