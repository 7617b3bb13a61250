"""The rows of a set on the Hugging Face hub, through `datasets`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medpipe.errors import SourceError
from medpipe.sources.curated.sets import TEST, CuratedSet

log = logging.getLogger(__name__)

_SHOWN = 200
"""Characters of the hub's own message that an error repeats."""


def rows(chosen: CuratedSet, cache: Path | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (place, row) of every split but test splits, in the order of configurations and splits.

    `datasets` downloads the set once into `cache` (None: its own folder) and reads it from disk afterwards, so
    memory stays small. Raises SourceError when the hub does not answer or does not have the set.
    """
    for config in chosen.configs:
        name = f"{chosen.hub}/{config}" if config else chosen.hub
        for split, table in _splits(chosen.hub, config, cache).items():
            if TEST.search(split):
                log.info("%s: its split %s is a benchmark's and was left out", name, split)
                continue
            for number, row in enumerate(chosen.gathered(iter(table)), start=1):
                yield f"{name}, {split}, record {number}", row


def _splits(hub: str, config: str, cache: Path | None) -> Mapping[str, Any]:
    import datasets

    try:
        splits: Mapping[str, Any] = datasets.load_dataset(hub, config or None, cache_dir=str(cache) if cache else None)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        reason = str(error).partition("\n")[0][:_SHOWN]
        raise SourceError(
            f"{hub}: the hub did not give it ({type(error).__name__}: {reason}); "
            "check the network, or put a copy into the set's folder below MEDPIPE_CURATED."
        ) from error
    return splits
