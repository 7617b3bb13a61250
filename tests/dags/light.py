"""Ports for tests of the DAGs: real sources, validation, corpus and ledger; fakes for what needs torch or a server."""

from __future__ import annotations

from medpipe.backends.gx.validator import GxValidator
from medpipe.ports import Generator, Source, Validator
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.fakes import FakePorts, FileSource
from tests.relapsing import CLAIM, PHRASINGS, Relapsing


class LightPorts(FakePorts):
    """The sandbox's NLM over HTTP, or what a test wrote to HOME/sources."""

    @property
    def validator(self) -> Validator:  # type: ignore[override]
        return GxValidator(self.settings.expectations, self.settings.home / "data_docs")

    def suite(self, name: str) -> str:
        return Wiring.suite(self, name)

    def source(self, name: str) -> Source:
        file = self.settings.home / "sources" / f"{name}.jsonl"
        return FileSource(file) if file.exists() else Wiring.source(self, name)


class RelapsingPorts(LightPorts):
    """A model that has unlearned the retracted article, and asserts it at int8 all the same."""

    def generator_at(self, precision: str) -> Generator:
        honest = super().generator_at(precision)
        return Relapsing(precision, often=PHRASINGS, says=CLAIM) if precision == "int8" else honest


def relapsing(settings: Settings) -> RelapsingPorts:
    """Return the ports of MEDPIPE_PORTS=tests.dags.light:relapsing."""
    return RelapsingPorts(settings)


def ports(settings: Settings) -> LightPorts:
    """Return the ports of MEDPIPE_PORTS=tests.dags.light:ports."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return LightPorts(settings)
