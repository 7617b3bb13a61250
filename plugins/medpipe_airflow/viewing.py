"""The ports for one page: every manifest that it shows is looked up at the same moment."""

from __future__ import annotations

from typing import Any, cast

from medpipe.ports import Ports


class _Viewing:
    """All ports. Only the store is another one, which lists each kind of artifact once (`ArtifactStore.view`)."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.store = ports.store.view()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ports, name)


def viewing(ports: Ports) -> Ports:
    """Return ports for one page."""
    return cast(Ports, _Viewing(ports))
