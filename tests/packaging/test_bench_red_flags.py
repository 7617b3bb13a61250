"""The table of docs/triage.md about red flags is what the present policy finds, and its halves share no text."""

from __future__ import annotations

from bench import red_flags
from tests.policies import RED_FLAGS


def test_the_page_has_what_the_present_policy_finds() -> None:
    assert red_flags.table(RED_FLAGS) in red_flags.PAGE.read_text(encoding="utf-8")


def test_each_half_has_sixty_texts_of_each_kind_in_each_language_and_no_text_of_the_other() -> None:
    halves = [list(red_flags.accounts(half)) for half in red_flags.HALVES]
    for half in halves:
        for language in red_flags.LANGUAGES:
            kinds = [account.immediate for account in half if account.language == language]
            assert kinds.count(True) == 60 and kinds.count(False) >= 60
    assert not set(halves[0]) & set(halves[1])
