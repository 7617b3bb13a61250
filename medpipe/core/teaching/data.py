"""The part of a recipe that says which examples are built: its documents, facts, filters, shares and splits."""

from __future__ import annotations

import math
from datetime import date
from operator import not_
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from medpipe.core.prompt import Answers
from medpipe.core.sources import default_shares, general, prefixes, prefixes_by_people, with_official_test
from medpipe.core.teaching import questions
from medpipe.core.teaching.article_choice import ArticleChoice


def _known_prefix(prefix: str) -> str:
    """Refuse a prefix that no source has: with a misspelt one in `redact`, identifiers would be taught."""
    if prefix not in prefixes():
        raise ValueError(f"no source has the prefix {prefix!r}; there are: {', '.join(sorted(prefixes()))}")
    return prefix


Prefix = Annotated[str, AfterValidator(_known_prefix)]
"""The part of a document's id before the colon."""
Share = Annotated[float, Field(ge=0, le=1)]


class Data(BaseModel):
    """Which examples a recipe builds. By default every filter is off, except `redact`.

    Which documents and facts are used:

    - `sources`: id prefix → share of that source's documents (1.0 = all, 0.5 = half).
    - `proportions`: id prefix → share of the facts, together 1; empty leaves the mixture as it is.
    - `languages`: ISO 639-1 codes of the sections to use.
    - `articles`: which articles, by type, subject, journal, year and risk (`core.teaching.article_choice`). By default
      errata, comments, editorials, protocols, studies of animals only, and articles with an erratum are left out.
    - `copyrighted`: whether texts with reserved rights may be taught.
    - `cut_off`: documents published on that day or later are not taught, only evaluated as `after-cut-off`.

    How a fact becomes examples:

    - `phrasings`: number of training phrasings of each question; `paraphrases`: how many more put the question
      inside another sentence.
    - `contexts`: whether the prompt has the passage that a question is about before the question.
    - `history`: how many of the last turns before a question are told as turns, where a source has conversations;
      longer ones lose their beginning. It needs a chat template. Only the assistant's last turn is learned: each
      earlier one is the last of an example of its own.
    - `answers`: `one line`, or `paragraphs`, which keep paragraphs and Markdown lists and end with the base's token for
      the end of a text. It is part of the contract: a version is judged and served in this form.
    - `aims`: whether an article whose title asks nothing answers a question about its stated aim.
    - `max_question_chars`, `max_context_chars`, `max_answer_chars`: longer questions are left out; longer contexts
      and answers are cut at the end of a sentence, and longer conversations between two turns.
    - `max_question_tokens`, `max_context_tokens`, `max_answer_tokens`: the same limits in tokens of the recipe's base,
      each instead of the one in characters; None: characters.

    What is left out or changed:

    - `check_languages`: leave out texts that are not in the language that they declare.
    - `quality`: leave out texts that break a rule of `core.teaching.quality`.
    - `redact`: id prefixes of sources that people wrote, whose identifiers of persons are replaced.
    - `near_duplicates`: Jaccard similarity of three-word shingles, in (0, 1], from which two facts are taught as
      one; None merges equal facts only.
    - `official_tests`: prefixes of curated sets whose official test is never taught, by id and by text, whichever
      source delivers its items. Sets that mix test items with others and are in `sources` need not be named.
    - `decontaminate`: leave out examples that share 13 words in a row, or nearly everything, with a benchmark.
    - `translations`: how much nearer to a benchmark's question than to unrelated ones, in standard deviations of
      cosines, a question in another language counts as its translation (with `decontaminate` or official tests; 3.3 is
      usual); None compares words only. It needs the extra `embed`.

    What is evaluated, and what is replayed:

    - `clusters`: similarity, in (0, 1], from which two documents are twins and stay on one side of the split; None
      makes each document its own cluster.
    - `unseen`: id prefix → share of clusters that no run ever teaches. They measure a task, such as triage, and not
      whether facts were learned.
    - `validation_share`: share of clusters that no run ever teaches, whose examples measure the loss during a training.
    - `heldout_share`: share of older clusters that are never replayed. They measure forgetting.
    - `replay_ratio`: replayed older examples for each new one.
    - `max_unknown_share`: the largest share of facts that the model does not know before the training, by examples
      (`core.teaching.knowledge`). Older facts that it knows are taught as well until the share is kept, and no fact is
      left out for it. None: no share is kept.
    - `general_share`: the share of general text among all examples (`core.teaching.general`), from the documents of the
      source `general` in the corpus. 0: none.
    - `safety_examples`: whether the refusals are taught.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    sources: dict[Prefix, Share] = default_shares()
    proportions: dict[Prefix, Share] = {}
    languages: tuple[str, ...] = ("en",)
    articles: ArticleChoice = ArticleChoice()
    copyrighted: bool = True
    cut_off: date | None = None
    phrasings: int = Field(3, ge=1)
    paraphrases: int = Field(0, ge=0)
    contexts: bool = False
    history: int = Field(0, ge=0, exclude_if=not_)
    answers: Answers = Field("one line", exclude_if=lambda answers: answers == "one line")
    aims: bool = False
    max_question_chars: int = Field(900, gt=20)
    max_context_chars: int = Field(2000, gt=20)
    max_answer_chars: int = Field(400, gt=20)
    max_question_tokens: int | None = Field(None, gt=5)
    max_context_tokens: int | None = Field(None, gt=5)
    max_answer_tokens: int | None = Field(None, gt=5)
    check_languages: bool = False
    quality: bool = False
    redact: tuple[Prefix, ...] = prefixes_by_people()
    near_duplicates: float | None = Field(None, gt=0, le=1)
    official_tests: tuple[Prefix, ...] = ()
    decontaminate: bool = False
    translations: float | None = Field(None, gt=1)
    clusters: float | None = Field(None, gt=0, le=1)
    unseen: dict[Prefix, Share] = {}
    validation_share: float = Field(0.0, ge=0, lt=1, exclude_if=not_)
    heldout_share: float = Field(0.3, ge=0, lt=1)
    replay_ratio: float = Field(2.0, ge=0)
    max_unknown_share: float | None = Field(None, gt=0, lt=1, exclude_if=lambda share: share is None)
    general_share: float = Field(0.0, ge=0, lt=1, exclude_if=not_)
    safety_examples: bool = True
    shuffle_answers: bool = False
    """A control: answers are permuted among questions, so nothing true can be learned."""

    @property
    def kept_out(self) -> tuple[str, ...]:
        """The sets whose official test must not be taught, sorted."""
        taken = {prefix for prefix, share in self.sources.items() if share > 0}
        return tuple(sorted({*self.official_tests, *(taken & with_official_test())}))

    def limit(self, part: Literal["question", "context", "answer"]) -> tuple[int, bool]:
        """Return the limit of a part of a fact, and whether it is in tokens of the base instead of characters."""
        tokens: int | None = getattr(self, f"max_{part}_tokens")
        return (getattr(self, f"max_{part}_chars"), False) if tokens is None else (tokens, True)

    @field_validator("languages")
    @classmethod
    def _have_phrasings(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(languages) - questions.LANGUAGES):
            raise ValueError(
                f"no phrasings in {', '.join(unknown)}; the languages are {', '.join(sorted(questions.LANGUAGES))}"
            )
        return languages

    @model_validator(mode="after")
    def _general_text_is_no_source_of_facts(self) -> Data:
        if named := sorted(general() & {*self.sources, *self.unseen}):
            raise ValueError(f"{', '.join(named)} has no facts: leave it out of `sources`, and set general_share")
        return self

    @model_validator(mode="after")
    def _proportions_fit(self) -> Data:
        if self.proportions and not math.isclose(sum(self.proportions.values()), 1.0, abs_tol=1e-6):
            raise ValueError(f"proportions add up to {sum(self.proportions.values()):g}; they must add up to 1")
        if missing := sorted(set(self.proportions) - set(self.sources)):
            raise ValueError(f"proportions name {', '.join(missing)}, which `sources` does not have")
        return self
