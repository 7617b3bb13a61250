"""The dataset card: where examples come from, how they were made, what was left out and why.

After Gebru et al., Datasheets for Datasets (arXiv:1803.09010), and Pushkarna et al., Data Cards (arXiv:2204.01075).
A card holds counts and ids only; it quotes no text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from medpipe.core.teaching.card_values import Attribution, Card, FactCounts, KnowledgeCounts, Published
from medpipe.core.teaching.drafts import Kind
from medpipe.core.teaching.drops import Contamination, LeftOut
from medpipe.core.teaching.knowledge import Mixture
from medpipe.core.teaching.one_answer import OUTDONE
from medpipe.core.teaching.origin import Origins
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.split import Split
from medpipe.core.teaching.training_set import Train
from medpipe.core.word_hashes import Positions


def describe(
    recipe: Recipe,
    origins: Origins,
    sides: Split,
    train: Train,
    taught: Positions,
    facts_found: int,
    claims: int,
    left_out: LeftOut,
) -> Card:
    """Return the card as values.

    `origins`: every document. `taught`: the numbers of those that an example is traced to. `facts_found`: the number of
    facts before any filter, with the withdrawn `claims`; it is the sum of the facts on the sides of the split, of the
    claims and of the facts in `left_out.facts`.
    """
    days, licences, attribution = _origins(origins, taught)
    cut_off = recipe.data.cut_off
    return Card(
        recipe=recipe.name,
        summary=recipe.summary,
        seed=recipe.seed,
        data=recipe.data.model_dump(mode="json"),
        decontaminated=recipe.data.decontaminate,
        redacted=recipe.data.redact,
        examples=len(train.examples),
        documents=len(taught),
        replayed=_count(train, lambda kind: kind.replay),
        validation=_count(train, lambda kind: kind.validation),
        general=train.general,
        general_lacking=train.general_lacking,
        facts=_fact_counts(facts_found, claims, left_out, sides),
        by_source=_counted(train, lambda kind: kind.source),
        by_prefix=_counted(train, lambda kind: kind.prefix),
        by_language=_counted(train, lambda kind: kind.language),
        by_question_type=_counted(train, lambda kind: kind.question_type),
        by_licence=licences,
        attribution=attribution,
        with_context=_count(train, lambda kind: kind.with_context),
        published=Published(first=days[0] if days else None, last=days[-1] if days else None),
        knowledge=_knowledge(train.mixture),
        cut_off=days[-1] if days else None,
        taught_before=cut_off.isoformat() if cut_off else None,
        answers_shuffled=recipe.data.shuffle_answers,
        left_out=_sorted(left_out.drops),
        answered_differently=left_out.questions,
        identifiers=_sorted(left_out.identifiers),
        contamination=_by_benchmark(left_out.contamination),
    )


def _origins(origins: Origins, taught: Positions) -> tuple[tuple[str, ...], dict[str, int], tuple[Attribution, ...]]:
    """Return the first and last day of the taught documents, how many have each licence, and to whom they are owed."""
    days: tuple[str, ...] = ()
    licences = Counter[str]()
    groups: dict[tuple[str, str], tuple[int, str]] = {}
    for origin in origins.rows.chosen(taught.tolist()):
        day, licence = origin.published.isoformat(), origin.licence or "not stated"
        days = min((day, *days)), max((day, *days))
        licences[licence] += 1
        number, address = groups.get((origin.source, licence), (0, ""))
        groups[origin.source, licence] = number + 1, address or origin.url
    attribution = tuple(
        Attribution(source=source, licence=licence, documents=number, address=address)
        for (source, licence), (number, address) in sorted(groups.items())
    )
    return days, dict(sorted(licences.items())), attribution


def _fact_counts(found: int, claims: int, left_out: LeftOut, sides: Split) -> FactCounts:
    return FactCounts(
        found=found,
        left_out=left_out.facts.total(),
        new=len(sides.new),
        replayable=len(sides.replayable),
        held_out=len(sides.held_out),
        after_cut_off=len(sides.after_cut_off),
        unseen=len(sides.unseen),
        validation=len(sides.validation),
        withdrawn=claims,
    )


def _knowledge(mixture: Mixture | None) -> KnowledgeCounts | None:
    if mixture is None:
        return None
    return KnowledgeCounts(
        levels=_sorted(mixture.examples),
        unknown_share=round(mixture.unknown_share, 4),
        added=mixture.added,
        lacking=mixture.lacking,
    )


def _counted(train: Train, name: Callable[[Kind], str]) -> dict[str, int]:
    counts = Counter[str]()
    for kind, number in train.kinds.items():
        counts[name(kind)] += number
    return dict(sorted(counts.items()))


def _count(train: Train, wanted: Callable[[Kind], bool]) -> int:
    return sum(number for kind, number in train.kinds.items() if wanted(kind))


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in sorted(counts.items()) if number}


def _by_benchmark(contamination: Contamination) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for (benchmark, reason), number in sorted(contamination.items()):
        table.setdefault(benchmark, {})[reason] = number
    return table


def markdown(card: Card, corpus: str, samples: Mapping[str, int]) -> str:
    """Return the card for people.

    `corpus`: the ref that the examples were built from. `samples`: benchmark → number of its held-out samples.
    """
    return "\n".join(
        (
            f"# Examples of the recipe {card.recipe}\n\n{card.summary}\n\n{_overview(card, corpus)}",
            f"## From facts to examples\n\n{_facts(card.facts)}",
            f"## Held-out samples\n\n{_table(('benchmark', 'samples'), samples)}",
            f"## What is in it\n\n{_contents(card)}",
            *([f"## What the model knew before\n\n{_known(card.knowledge)}"] if card.knowledge else []),
            f"## Licences\n\n{_licences(card.attribution)}",
            f"## What was left out\n\n{_left_out(card)}",
            "## Identifiers that were replaced\n\nIn sources that persons wrote: "
            f"{', '.join(card.redacted) or 'none'}.\n\n" + _table(("type", "number"), card.identifiers),
            f"## Contamination\n\n{_contamination(card)}",
            "## Recipe\n\n" + _table(("setting", "value"), _settings(card.data)),
        )
    )


def _overview(card: Card, corpus: str) -> str:
    return _table(
        ("", ""),
        {
            "corpus": corpus,
            "examples to learn": card.examples - card.validation,
            "of them replayed": card.replayed,
            "examples for validation": card.validation,
            **_general(card),
            "documents behind them": card.documents,
            "with a passage as context": card.with_context,
            "published": f"{card.published.first} to {card.published.last}",
            "nothing published from this day on is taught": card.taught_before or "no cut-off",
            "answers shuffled (a control)": "yes" if card.answers_shuffled else "no",
            "seed": card.seed,
        },
    )


def _general(card: Card) -> dict[str, int]:
    """Return how much general text there is and lacks, where the recipe has a share of it."""
    if not card.general and not card.general_lacking:
        return {}
    return {
        "of them general text, which is no fact": card.general,
        "general text that the recipe's share lacks": card.general_lacking,
    }


def _facts(facts: FactCounts) -> str:
    lines = {
        "found": facts.found,
        "new: taught, and asked in other words": facts.new,
        "older: may be replayed": facts.replayable,
        "older: only asked": facts.held_out,
        "published after the cut-off: only asked": facts.after_cut_off,
        "never taught by any run: only asked": facts.unseen,
        "for validation: their loss is measured during the training": facts.validation,
        "withdrawn claims: only asked, and answered as withdrawn": facts.withdrawn,
        "left out (see below)": facts.left_out,
    }
    return (
        "A fact is one question that one document answers. Each fact that was found is in exactly one line.\n\n"
        + _table(("facts", "number"), lines)
    )


def _contents(card: Card) -> str:
    columns = {"source": card.by_source, "language": card.by_language, "question type": card.by_question_type}
    return "\n".join(_table((title, "examples"), counts) for title, counts in columns.items())


def _known(knowledge: KnowledgeCounts) -> str:
    text = (
        f"{knowledge.unknown_share:.1%} of the taught facts' examples are of facts that the start of the training "
        f"does not know. To keep that share small, {knowledge.added} examples of older facts that it knows are taught "
        "as well."
    )
    if knowledge.lacking:
        text += f" The recipe's share would need {knowledge.lacking} more, and no further known fact may be replayed."
    return f"{text}\n\n" + _table(("the model's knowledge", "examples"), knowledge.levels)


def _licences(attribution: Iterable[Attribution]) -> str:
    return _rows(
        ("source", "licence", "documents", "for example"),
        [(group.source, group.licence, group.documents, group.address) for group in attribution],
    )


def _left_out(card: Card) -> str:
    text = "Documents, sections, facts and examples, by reason."
    if card.answered_differently is not None:
        answers = card.left_out.get(OUTDONE, 0)
        text += f" Documents answer {card.answered_differently} questions differently, and {answers} answers gave way."
    return f"{text}\n\n" + _table(("reason", "number"), card.left_out)


def _contamination(card: Card) -> str:
    rows = [
        (benchmark, reason, number)
        for benchmark, reasons in card.contamination.items()
        for reason, number in reasons.items()
    ]
    text = (
        "Facts that repeat a benchmark, and so are not taught."
        if card.decontaminated
        else "The recipe asks for no decontamination."
    )
    return f"{text}\n\n" + _rows(("benchmark", "how", "facts"), rows)


def _settings(data: Mapping[str, Any]) -> dict[str, str]:
    """Return every setting in words; those of a block inside the data have its name before theirs."""
    blocks = {name: value for name, value in data.items() if name == "articles"}
    flat = {**data, **{f"{name}.{key}": value for name, block in blocks.items() for key, value in block.items()}}
    return {name: _plain(value) for name, value in flat.items() if name not in blocks}


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:g}" for name, number in value.items()) or "none"
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else "none" if value is None else str(value)


def _table(head: tuple[str, str], values: Mapping[str, Any]) -> str:
    return _rows(head, list(values.items()))


def _rows(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table. Bars in cells are replaced, since a bar would end the cell."""
    if not rows:
        return "None.\n"
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |\n" for line in lines)
