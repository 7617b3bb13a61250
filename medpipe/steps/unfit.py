"""What may not serve, whatever its decision says: what is barred, or carries a withdrawal that nothing blocks yet."""

from __future__ import annotations

from collections.abc import Collection

from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import VersionManifest
from medpipe.core.refs import BASE
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps import carried, withdrawals
from medpipe.steps.models import adapter_of
from medpipe.steps.tracing import versions_carrying


def unfit_versions(ports: Ports, documents: Collection[str] = ()) -> frozenset[str]:
    """Return the barred versions, and those that were taught any of `documents` or of what is not blocked yet."""
    tainted = versions_carrying(tuple(sorted({*documents, *_unblocked(ports)})), ports=ports)
    return frozenset({*ports.ledger.barred(), *tainted})


def refuse_unfit(ports: Ports, model: str) -> None:
    """Raise UsageError for a model that may not serve. `model`: `base`, an adapter or a version.

    An adapter is barred when a version of it is. A document that a later training of its line withdrew speaks against
    no model.
    """
    adapter = adapter_of(ports, model)
    if adapter == BASE:
        return
    versions = (version for version in ports.store.manifests(VersionManifest) if version.outcome.adapter == adapter)
    bars = ports.ledger.barred()
    for version in (version.ref for version in versions if version.ref in bars):
        raise UsageError(
            f"{version} is barred: {bars[version].reasons[0]}. Nothing is written of its weights; `medpipe unbar` "
            "lifts the bar"
        )
    asserted = carried.still_asserted(ports, adapter, _unblocked(ports))
    if documents := [document for document, still in asserted.items() if still]:
        raise UsageError(
            f"{model} carries {', '.join(documents)}, which was withdrawn and which serving does not block yet. "
            "Nothing is written of its weights: block the withdrawal, or retrain without it"
        )


def _unblocked(ports: Ports) -> frozenset[str]:
    return frozenset(each.document for each in withdrawals.register(ports) if each.state is State.OPENED)
