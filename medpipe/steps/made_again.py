"""What `gc` removed and a verb made again, with other content: nobody judges it by what the earlier one did."""

from __future__ import annotations

from medpipe.core.manifests import Manifest
from medpipe.errors import UsageError
from medpipe.ports import Ports


def refuse_made_again(ports: Ports, made: Manifest, *upstream: str) -> None:
    """Raise UsageError where one of the artifacts that `made` was made of is not the one that is stored now."""
    for ref in made.made_of.keys() & set(upstream):
        present = ports.store.find(ref)
        if present is not None and present.content() != made.made_of[ref]:
            raise UsageError(
                f"{ref} was made again after `medpipe gc`, and is not the one that {made.ref} was made of: "
                "train on the present corpus, and have that evaluated and compared"
            )
