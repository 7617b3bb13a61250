"""A recipe: everything that decides what one training run learns, in one YAML file."""

from __future__ import annotations

import math
from datetime import date
from operator import not_
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from medpipe.core.base_name import is_base_name, parted
from medpipe.core.prompt import Answers
from medpipe.core.refs import is_ref
from medpipe.core.sources import default_shares, general, prefixes, prefixes_by_people, with_official_test
from medpipe.core.teaching import questions
from medpipe.core.teaching.article_choice import ArticleChoice
from medpipe.core.teaching.penalty import Penalty

_NOT_SERVED = ("lm_head", "embed_tokens")
"""The layers from and to tokens. vLLM ignores adapters there, or refuses to load them."""


Attention = Literal["eager", "sdpa", "flex_attention", "flash_attention_2", "flash_attention_3"]
"""Implementations of attention, as transformers names them."""

Rounding = Literal["float32", "bfloat16", "nf4", "int8", "int4"]
"""The numbers that a whole model's weights are written as.

`nf4`: rounded to NF4 in blocks of 64 (QLoRA, arXiv:2305.14314) and written as float32. `int8` and `int4`: stored in so
many bits (`docs/models.md` says who can load them).
"""


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _known_prefix(prefix: str) -> str:
    """Refuse a prefix that no source has: with a misspelt one in `redact`, identifiers would be taught."""
    if prefix not in prefixes():
        raise ValueError(f"no source has the prefix {prefix!r}; there are: {', '.join(sorted(prefixes()))}")
    return prefix


Prefix = Annotated[str, AfterValidator(_known_prefix)]
"""The part of a document's id before the colon."""
Share = Annotated[float, Field(ge=0, le=1)]


class Data(_Block):
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
    - `history`: how many of the last turns before a question are told as turns. It needs a chat template.
    - `answers`: `one line`, or `paragraphs`, which keep paragraphs and Markdown lists and end with the base's token for
      the end of a text. It is part of the contract: a version is judged and served in this form.
    - `aims`: whether an article whose title asks nothing answers a question about its stated aim.
    - `max_question_chars`, `max_context_chars`, `max_answer_chars`: longer questions are left out; longer contexts
      and answers are cut at the end of a sentence.
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


class Quantization(_Block):
    """Passed to transformers' BitsAndBytesConfig: QLoRA (arXiv:2305.14314), or LLM.int8() (arXiv:2208.07339).

    `load_in_8bit` takes the place of 4 bits, and the settings of 4 bits then do nothing.
    """

    load_in_4bit: bool = True
    load_in_8bit: bool = Field(False, exclude_if=not_)
    bnb_4bit_quant_type: Literal["nf4", "fp4"] = "nf4"
    bnb_4bit_use_double_quant: bool = True
    bnb_4bit_compute_dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @model_validator(mode="before")
    @classmethod
    def _eight_bits_alone(cls, block: Any) -> Any:
        """Let `load_in_8bit` take the place of 4 bits; refuse both."""
        if not isinstance(block, dict) or not block.get("load_in_8bit"):
            return block
        if block.get("load_in_4bit"):
            raise ValueError("load_in_8bit and load_in_4bit are both true: leave one out")
        return {**block, "load_in_4bit": False}


class Lora(_Block):
    """Passed to peft's LoraConfig."""

    r: int = Field(16, ge=1)
    lora_alpha: int = Field(32, ge=1)
    lora_dropout: float = Field(0.0, ge=0, lt=1)
    use_rslora: bool = Field(False, exclude_if=not_)
    """Whether updates are scaled by lora_alpha / √r instead of lora_alpha / r (arXiv:2312.03732)."""
    target_modules: str | list[str] = "all-linear"

    @field_validator("target_modules")
    @classmethod
    def _can_be_served(cls, modules: str | list[str]) -> str | list[str]:
        """Refuse no module at all, and adapters that the engine does not apply."""
        named = [modules] if isinstance(modules, str) else modules
        if not all(named) or not named:
            raise ValueError("names no module; write all-linear for every linear layer")
        if refused := sorted({name for name in named if name.rpartition(".")[2] in _NOT_SERVED}):
            raise ValueError(f"the engine applies no adapter to {', '.join(refused)}; leave it out")
        return modules


class Recipe(_Block):
    """One file of `medpipe/recipes`. `trainer` is passed as it is to TRL's configuration of its method."""

    name: str
    summary: str
    method: Literal["sft", "dpo", "kto"]
    base: str
    """A hub id, or a folder of that name under MEDPIPE_MODELS; with `@` and a revision, exactly that one."""
    seed: int = 17
    data: Data = Data()
    quantization: Quantization | None = Quantization()
    lora: Lora | None = Lora()
    """The adapter that is trained; None: every weight of the base is (full fine-tuning)."""
    attn_implementation: Attention | None = Field(None, exclude_if=lambda attention: attention is None)
    """How transformers computes attention in the training; None: as it chooses, which is `sdpa` for most bases."""
    trainer: dict[str, Any]
    trainer_from_base: dict[str, Any] = {}
    """Settings that replace those of `trainer` when a run starts from the base model. Learning a whole corpus needs
    larger steps than adding news to an adapter without making it forget."""
    early_stopping_patience: int | None = Field(None, ge=1, exclude_if=lambda patience: patience is None)
    """A training ends after that many evaluations in a row without a smaller loss; None: after its last step."""
    template: Literal["plain", "chat"] = Field("plain", exclude_if=lambda template: template == "plain")
    """The form of prompts: "Question: …" and "Answer:", or the chat template of the base's tokenizer."""
    system: str = Field("", exclude_if=not_)
    """What the model is told before any question, by the chat template."""
    max_prompt_tokens: int | None = Field(None, gt=0, exclude_if=lambda tokens: tokens is None)
    """How long a prompt with earlier turns (`data.history`) may be, in tokens; None: the turns alone are bounded. It
    needs a benchmark with conversations, such as `conversations`."""
    max_cut: Share = Field(0.01, exclude_if=lambda share: share == 0.01)
    """Share of the training's rows that may be longer than `max_length`; with more, nothing is trained."""
    penalty: Penalty | None = Field(None, exclude_if=lambda penalty: penalty is None)
    """What holds a supervised training near the adapter that it continues; None: nothing."""
    benchmarks: tuple[str, ...] = ("new-knowledge", "old-knowledge", "red-team")
    max_new_tokens: int = Field(48, gt=0)
    serve: Literal["adapter", "merged"] = Field("adapter", exclude_if=lambda serve: serve == "adapter")
    """What the engine serves: the adapter beside its base, or one whole model, which `prepare_base` writes."""
    serve_at: Rounding = Field("float32", exclude_if=lambda rounding: rounding == "float32")
    """How `prepare_base` rounds the weights of the whole model."""

    @property
    def weights(self) -> Literal["lora", "whole"]:
        """What a training makes: an adapter, or a whole model."""
        return "lora" if self.lora else "whole"

    @model_validator(mode="after")
    def _can_be_trained_whole(self) -> Recipe:
        if self.lora is None and self.quantization:
            raise ValueError(
                "without `lora` every weight is trained, and rounded weights cannot be: set quantization to null, or "
                "give lora"
            )
        if self.lora is None and self.serve == "adapter":
            raise ValueError("without `lora` there is no adapter to serve: set serve to merged, or give lora")
        if self.serve == "adapter" and self.serve_at != "float32":
            raise ValueError(
                f"serve_at {self.serve_at} rounds a whole model, and an adapter is served beside its base: set serve "
                "to merged, or name a base that `medpipe prepare-base` rounded"
            )
        return self

    @property
    def continues(self) -> str:
        """Why a training by this recipe goes on from what was trained and cannot start from the base; "" if it can."""
        trained = "an adapter" if self.lora else "a whole model"
        if self.method != "sft":
            return f"uses {self.method.upper()}, which goes on from {trained}"
        return f"has a penalty, which holds weights near those of {trained}" if self.penalty else ""

    @model_validator(mode="after")
    def _penalty_has_a_use(self) -> Recipe:
        if self.penalty and self.method != "sft":
            raise ValueError(f"{self.method} is held near its start by its own reference: raise trainer.beta instead")
        return self

    @model_validator(mode="after")
    def _system_has_a_place(self) -> Recipe:
        if self.system and self.template == "plain":
            raise ValueError("a plain prompt has no place for `system`; set template to chat, or leave system out")
        if self.data.history and self.template == "plain":
            raise ValueError("a plain prompt has no place for data.history; set template to chat, or leave it out")
        if self.max_prompt_tokens and not self.data.history:
            raise ValueError("max_prompt_tokens bounds earlier turns; set data.history, or leave it out")
        return self

    @model_validator(mode="after")
    def _validates_examples(self) -> Recipe:
        if self.method != "sft" and self.data.validation_share:
            raise ValueError("data.validation_share is of examples; preference pairs have no validation set")
        return self

    @model_validator(mode="before")
    @classmethod
    def _revision_is_in_the_name(cls, block: Any) -> Any:
        if isinstance(block, dict) and "revision" in block:
            raise ValueError(
                "a base and its revision are one name: remove `revision`, and write base: "
                f"{block.get('base', 'organisation/model')}@{block['revision']}"
            )
        return block

    @field_validator("base")
    @classmethod
    def _can_be_found(cls, base: str) -> str:
        """Refuse names that could leave the folder of local models, and revisions of what has none."""
        if not is_base_name(base):
            raise ValueError(
                f"{base!r} is neither a hub id such as organisation/model, with @ and a commit hash or a tag where a "
                "revision is meant, nor the name of a folder under MEDPIPE_MODELS"
            )
        name, revision = parted(base)
        if revision and is_ref(name):
            raise ValueError(f"{name} has no revisions: every prepared base has a ref of its own")
        return base
