"""What all manifests share: the ref, the verb, the time, the inputs that the ref covers, and the outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from medpipe.core.refs import canonical, is_ref

Snapshot = dict[str, Any]
"""The whole text of a recipe, a benchmark or gates.yaml as JSON, as it was when the artifact was made.

Inputs keep it so that a change of the text changes the ref. It is compared as a whole and never read field by
field: a manifest must stay readable after recipes have gained or lost a field.
"""


class Value(BaseModel):
    """A frozen part of a manifest. Unknown fields are refused, so that a manifest of another shape is noticed."""

    # "constants": a loss that is not a number is written as NaN; null would not be read back as a number.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Inputs(Value):
    """What a ref's digest covers: the arguments and upstream refs of the verb that made the artifact.

    The JSON of an Inputs model is hashed. Renaming or adding a field gives every later artifact of the kind another
    ref, and work that was done is done again. A field that is added for a special case therefore belongs in
    `written_when_set`: its key appears only when it has a value.
    """

    written_when_set: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_unset(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = serialize(self)
        return {name: value for name, value in values.items() if value or name not in self.written_when_set}


class Outcome(Value):
    """What a verb found or made, in numbers, names and refs. The ref does not cover it."""


class Manifest(Value):
    """What an artifact is. It is written last, so it exists if and only if the artifact is whole."""

    kind: ClassVar[str]
    """The part of the ref before the slash."""
    records: ClassVar[Mapping[str, set[str]]] = {}
    """Field → keys of it that tell how the artifact was made, and on which nothing that comes of it depends."""
    ref: str
    verb: str
    """The verb that made the artifact."""
    created_ns: int
    """Nanoseconds since 1970-01-01 UTC, of the first time. Orders artifacts of one kind."""
    made_again_ns: int = Field(default=0, exclude_if=lambda ns: ns == 0)
    """Likewise, of the last time, where `gc` had removed files and the verb made them again."""
    files: str = ""
    """In an object store, the prefix that has the artifact's files; empty in a file system."""
    inputs: Inputs
    outcome: BaseModel
    digests: dict[str, str] = {}
    """Path of each of the artifact's files, below its folder → SHA-256 of the file."""
    made_of: dict[str, str] = {}
    """Ref of each artifact that inputs and outcome name → its `content` when this manifest was written."""
    seal: str = ""
    """SHA-256 of everything above: an edited manifest does not have it."""

    def content(self) -> str:
        """Return the SHA-256 of what the artifact holds, and through `made_of` of all that it came from.

        The time, the place and the `records` of how it was made are left out: an artifact that is made again with
        equal content has an equal digest.
        """
        return self._digest({"created_ns": True, "made_again_ns": True, "files": True, "seal": True, **self.records})

    def sealed(self) -> Self:
        """Return the manifest with its seal."""
        return self.model_copy(update={"seal": self._digest({"seal": True})})

    def named(self) -> Iterator[str]:
        """Yield every ref that a field of inputs or outcome holds, alone or in a tuple, and the base of a contract.

        Snapshots are not searched.
        """
        for part in (self.inputs, self.outcome):
            for value in (*part.model_dump().values(), getattr(getattr(part, "contract", None), "base", None)):
                yield from (text for text in (value if isinstance(value, tuple) else (value,)) if is_ref(text))

    def _digest(self, without: dict[str, Any]) -> str:
        text = canonical(self.model_dump(mode="json", exclude=without))
        return hashlib.sha256(text.encode()).hexdigest()


AnyManifest = TypeVar("AnyManifest", bound=Manifest)
