"""Conversations: MedDialog's patients and doctors, UltraMedical's instructions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from medpipe.core import chat, dialogue
from medpipe.core.corpus.document import Section
from medpipe.sources.curated import choices, files
from medpipe.sources.curated.entry import (
    UNANSWERED,
    BadRow,
    Entry,
    Reading,
    Row,
    flat,
    key_of,
    left_out,
    lines,
    messages,
    needed,
    shortened,
)

_SPEAKERS = {"0": "patient", "1": "doctor"}
"""The hub's class labels."""
_TURN = re.compile(r"(patient|doctor)\s*:\s*", re.IGNORECASE)
_OPTION = re.compile(r"^\(?([A-J])[.):](?:\s+(\S.*))?$")

Turn = tuple[str, str]


def meddialog_rows(path: Path) -> Iterator[files.Placed]:
    """Yield the dialogues of a JSON file, or of a raw `.txt` file (`id=…`, `Description`, `Dialogue`, `Patient:`)."""
    if not path.name.endswith(".txt"):
        yield from files.rows(path)
        return
    with files.opened(path) as stream:
        block, start = list[str](), 1
        for number, line in enumerate(stream, start=1):
            if line.startswith("id=") and block:
                yield f"{path}, line {start}", _raw(block)
                block, start = [], number
            block.append(line.rstrip())
        if any(block):
            yield f"{path}, line {start}", _raw(block)


def meddialog(row: Row) -> Reading:
    """Read MedDialog (Chen et al. 2020, arXiv:2004.03329), English: a section for each answer of the doctor.

    The heading is what the patient utterance before it, and the context what was utterance before that. Read are
    `utterances` ("patient: …", "doctor: …") and the hub's `dialogue_turns` (speaker, utterance).
    """
    turns = _joined(_turns(row))
    sections = tuple(
        Section(
            heading=flat(turns[place - 1][1]),
            text=text,
            context=dialogue.written(_told(turns[: place - 1])),
        )
        for place, (speaker, text) in enumerate(turns)
        if speaker == "doctor" and place and turns[place - 1][0] == "patient"
    )
    if not sections:
        return left_out(UNANSWERED)
    key = flat(row.get("dialogue_id")) or key_of(*(text for _, text in turns))
    title = shortened(flat(row.get("description")) or sections[0].heading)
    return Reading(Entry(key, sections, title=title, url=flat(row.get("dialogue_url"))))


def ultramedical(row: Row) -> Reading:
    """Read UltraMedical (Zhang et al. 2024, arXiv:2406.03949): `conversations` of `human` and `gpt`.

    Where `type` is Exam, the options at the end of the question become `choices`, and the text begins with the
    right one, on a line of its own; the explanation follows.
    """
    turns = messages(row.get("conversations"))
    question = next((text for speaker, text in turns if speaker in ("human", "user")), "")
    answer = next((text for speaker, text in turns if speaker in ("gpt", "assistant")), "")
    if not question or not answer:
        return left_out(UNANSWERED)
    stem, options = _options(question)
    right = flat(row.get("answer")).upper() if flat(row.get("type")) == "Exam" else ""
    if right in options:
        text = f"{choices.chosen(options, [right])}\n{answer}"
        section = Section(heading=flat(stem), text=text, choices=choices.in_place(options))
    else:
        section = Section(heading=flat(question), text=answer)
    return Reading(Entry(needed(row, "id"), (section,), title=shortened(section.heading), types=_origin(row)))


def _turns(row: Row) -> list[Turn]:
    if "utterances" in row:
        matches = [(_TURN.match(utterance), utterance) for utterance in row["utterances"]]
        if any(match is None for match, _ in matches):
            raise BadRow("an utterance of neither patient nor doctor")
        return [(match.group(1).lower(), lines(utterance[match.end() :])) for match, utterance in matches if match]
    turns = row.get("dialogue_turns")
    if isinstance(turns, dict):  # `datasets` gives a list of structures as a structure of lists
        turns = [
            {"speaker": speaker, "utterance": utterance}
            for speaker, utterance in zip(turns["speaker"], turns["utterance"], strict=True)
        ]
    return [(_SPEAKERS.get(speaker, speaker), text) for speaker, text in messages(turns)]


def _told(turns: Sequence[Turn]) -> list[chat.Turn]:
    return [chat.Turn("user" if speaker == "patient" else "assistant", text) for speaker, text in turns]


def _joined(turns: Sequence[Turn]) -> list[Turn]:
    """Return one turn for each change of speaker, without empty turns."""
    joined = list[Turn]()
    for speaker, text in turns:
        if not text:
            continue
        if joined and joined[-1][0] == speaker:
            joined[-1] = (speaker, f"{joined[-1][1]}\n{text}")
        else:
            joined.append((speaker, text))
    return joined


def _raw(block: Sequence[str]) -> dict[str, object]:
    """Return one dialogue of a raw file: the lines from `id=` to the next `id=`."""
    row: dict[str, object] = {"dialogue_id": block[0].partition("=")[2].strip(), "utterances": []}
    utterances: list[str] = []
    part = ""
    for line in block[1:]:
        if line in ("Description", "Dialogue"):
            part = line
        elif line.startswith("http") and not part:
            row["dialogue_url"] = line
        elif part == "Description" and line:
            row.setdefault("description", line)
        elif part == "Dialogue" and line in ("Patient:", "Doctor:"):
            utterances.append(line)
        elif part == "Dialogue" and utterances and line:
            utterances[-1] += f"\n{line}"
    row["utterances"] = utterances
    return row


def _options(question: str) -> tuple[str, dict[str, str]]:
    """Return the question without the options at its end, and these by letter; the whole question without options."""
    rest = question.splitlines()
    from_last: dict[str, str] = {}
    while rest and (match := _OPTION.match(rest[-1])):
        from_last[match.group(1)] = match.group(2) or ""
        rest.pop()
    if not rest or "".join(sorted(from_last)) != choices.LETTERS[: len(from_last)]:
        return question, {}
    options = {letter: option for letter, option in sorted(from_last.items()) if option}
    return ("\n".join(rest), options) if len(options) > 1 else (question, {})


def _origin(row: Row) -> tuple[str, ...]:
    return tuple(filter(None, (flat(row.get("type")), needed(row, "id").partition(",")[0])))
