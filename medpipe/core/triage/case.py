"""A case: one account of a complaint in three languages, with the label that is right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from medpipe.core.triage.labels import Label

Language = Literal["en", "fr", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "fr", "es")
"""The languages in which each case is told."""

_SEXES = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")
"""`{a man|a woman}`: as written, and the other sex."""


class Case(BaseModel):
    """One account, told in each language. `{a man|a woman}` in it is the sex as written, and the other one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    label: Label
    en: str
    fr: str
    es: str

    @field_validator("en", "fr", "es")
    @classmethod
    def _is_an_account(cls, account: str) -> str:
        if not account.strip():
            raise ValueError("the account is blank: every case is told in every language")
        if set(_SEXES.sub("", account)) & set("{}"):
            raise ValueError("a brace without its other: write {as written|the other sex}")
        return account

    def told(self, language: Language, other_sex: bool = False) -> str:
        """Return the account in a language, as written or of a person of the other sex."""
        account: str = getattr(self, language)
        return _SEXES.sub(lambda match: match[2 if other_sex else 1], account)


def refuse_repeated(cases: Sequence[Case]) -> None:
    """Raise ValueError when two cases have one id."""
    ids = [case.id for case in cases]
    if repeated := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"two cases have the id {', '.join(repeated)}: give each its own")
