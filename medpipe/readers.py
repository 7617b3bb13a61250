"""The only module that names the readers of sources. Each is imported and constructed when its source is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from medpipe.core import sources
from medpipe.core.judging.published import Published
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.errors import NotFound
from medpipe.ports import Source
from medpipe.settings import Settings

if TYPE_CHECKING:
    from medpipe.sources.curated.source import CuratedSource


class Readers:
    """The reader of each source, at the addresses in the settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def source(self, name: str) -> Source:
        """Return the reader of a source (`core.sources`); raises NotFound, which lists the sources that there are."""
        row = sources.named(name)
        readers: dict[str, Callable[[Path], Source]] = {
            "medlineplus": self._medlineplus,
            "medlineplus-search": self._medlineplus_search,
            "genetics": self._genetics,
            "pubmed": self._pubmed,
            "eutils": self._eutils,
            "retraction-watch": self._retraction_watch,
        }
        cache = self.settings.home / "downloads"
        if row.publisher == "curated":
            return self._curated(row.name, cache)
        return readers[row.name](cache)  # a test holds this dispatch to the table

    def official_test(self, name: str) -> OfficialTest:
        """Return the test items of a curated set. Raises NotFound, and SourceError when nothing says which they are."""
        row = sources.named(name)
        if row.publisher != "curated":
            raise NotFound(f"{name!r} is no curated set, so it has no official test")
        return self._curated(row.name, self.settings.home / "downloads").official_test()

    def published(self, name: str) -> Published:
        """Return the questions of a published benchmark. Raises NotFound and SourceError."""
        from medpipe.sources.curated.benchmarks import published

        return published(name, self.settings.benchmarks_data)

    def _medlineplus(self, cache: Path) -> Source:
        from medpipe.sources.medlineplus.topics_source import MedlinePlusSource

        return MedlinePlusSource(self.settings.medlineplus_url, cache)

    def _medlineplus_search(self, cache: Path) -> Source:
        from medpipe.sources.medlineplus.search_source import MedlinePlusSearchSource

        return MedlinePlusSearchSource(self.settings.medlineplus_search_url, self.settings.ncbi_email, cache)

    def _genetics(self, cache: Path) -> Source:
        from medpipe.sources.medlineplus.genetics_source import GeneticsSource

        return GeneticsSource(self.settings.genetics_url, cache)

    def _pubmed(self, cache: Path) -> Source:
        from medpipe.sources.pubmed.files_source import PubMedSource

        return PubMedSource(self.settings.pubmed_url, cache)

    def _eutils(self, cache: Path) -> Source:
        from medpipe.sources.pubmed.eutils_source import EutilsSource

        return EutilsSource(self.settings.eutils_url, self.settings.ncbi_email, self.settings.ncbi_api_key, cache)

    def _retraction_watch(self, cache: Path) -> Source:
        from medpipe.sources.retraction_watch.list_source import RetractionWatchSource

        return RetractionWatchSource(self.settings.retraction_watch_url, cache)

    def _curated(self, name: str, cache: Path) -> CuratedSource:
        from medpipe.sources.curated.source import CuratedSource

        shipped = self.settings.recipes / "data" / "triage.yaml" if name == "triage" else None
        return CuratedSource(self.settings.curated, name, self.settings.offline, cache / "hub", shipped=shipped)
