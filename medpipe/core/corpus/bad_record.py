"""A record of a delivery that cannot be read. It costs itself, and not the file that it is in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from medpipe.core.corpus.document import Document


class BadRecord(BaseModel):
    """A record that cannot be read: where it is, and why. It repeats none of the record's texts.

    Attributes:
        source: the source's name (`core.sources`).
        file: the file or address that has it.
        place: where it is in the file: `record 3`, `line 17`. Counted from 1.
        reason: what is wrong with it.
        id: the id that its document would have; "" where the record does not say.
    """

    model_config = ConfigDict(frozen=True)
    source: str
    file: str
    place: str
    reason: str
    id: str = ""

    def in_words(self) -> str:
        """Return the place and the reason, as lists and messages have them."""
        return f"{self.file}, {self.place}: {self.reason}"


class LeftOut(BaseModel):
    """A document that its publisher lists, and that has nothing to take: no text, or none that may be used."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str


Received = Document | BadRecord | LeftOut
"""What a source makes of one record."""


def reason_of(error: Exception) -> str:
    """Return why a record could not become a document. A fault of a field is named without the field's value."""
    if not isinstance(error, ValidationError):
        return str(error)
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
