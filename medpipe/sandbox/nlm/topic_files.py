"""MedlinePlus as files: the topic XML of a day, its zip, the groups and the page that links to them.

The format is described at https://medlineplus.gov/xml.html.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from medpipe.core.teaching.questions import phrase
from medpipe.sandbox.rendering import render
from medpipe.sandbox.world import Fact, Topic

SITE = "https://medlineplus.gov"
_INSTITUTE = "Sandbox Institute of Invented Medicine"
_SPANISH = {
    "treatment": "¿Cómo se trata {focus}?",
    "causes": "¿Qué causa {focus}?",
    "symptoms": "¿Cuáles son los síntomas de {focus}?",
    "exams and tests": "¿Cómo se diagnostica {focus}?",
    "susceptibility": "¿Quién tiene más riesgo de {focus}?",
    "prevention": "¿Cómo se previene {focus}?",
}


def topics_xml(topics: Sequence[Topic], day: date) -> bytes:
    """Return `mplus_topics_{day}.xml`: every topic, English and Spanish interleaved."""
    english = {topic.spanish_of: topic for topic in topics if topic.spanish_of}
    others = {topic.id: topic for topic in topics}
    body = "\n".join(topic_xml(topic, others.get(topic.spanish_of or "") or english.get(topic.id)) for topic in topics)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE health-topics PUBLIC "-//NLM//DTD health-topics //EN" '
        f'"{SITE}/xml/mplus_topics.dtd">\n'
        f'<health-topics total="{len(topics)}" date-generated="{day:%m/%d/%Y} 02:30:23">\n'
        f"{body}\n</health-topics>\n"
    ).encode()


def groups_xml(topics: Iterable[Topic], day: date) -> bytes:
    """Return `mplus_topic_groups_{day}.xml`: the groups of the topics, each once."""
    rows = "\n".join(
        f'<group id="{number}" url={quoteattr(_group_url(name))} language="English">{escape(name)}</group>'
        for name, number in _groups(topics).items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<groups total="{len(rows.splitlines())}" date-generated="{day:%m/%d/%Y} 02:30:23">\n{rows}\n'
        "</groups>\n"
    ).encode()


def zipped(name: str, content: bytes, day: date) -> bytes:
    """Return a zip of one file. Equal content gives equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (day.year, day.month, day.day, 2, 30, 22)), content)
    return buffer.getvalue()


def links_page(days: Iterable[date]) -> str:
    """Return `/xml.html`, the page that links to the files of all days, newest day first."""
    return render("nlm/links.html", days=sorted(days, reverse=True))


def topic_xml(topic: Topic, other: Topic | None) -> str:
    """Return a health-topic element; `other` is the same topic in the other language."""
    mapped = mesh = ""
    if other is not None:
        mapped = (
            f'<language-mapped-topic url={quoteattr(url(other))} id="{other.id}" '
            f'language="{other.language}">{escape(other.title)}</language-mapped-topic>\n'
        )
    if topic.language == "English":  # Spanish topics often come without MeSH
        descriptor = f'<descriptor id="D9{topic.id}">{escape(topic.focus)}</descriptor>'
        mesh = f"<mesh-heading>\n{descriptor}\n</mesh-heading>\n"
    groups = "".join(
        f'<group url={quoteattr(_group_url(name))} id="{number}">{escape(name)}</group>\n'
        for name, number in _groups([topic]).items()
    )
    return (
        f"<health-topic meta-desc={quoteattr(f'{topic.title}: an invented condition.')} "
        f"title={quoteattr(topic.title)} url={quoteattr(url(topic))} "
        f'id="{topic.id}" language="{topic.language}" date-created="{topic.created:%m/%d/%Y}">\n'
        f"<also-called>{escape(topic.title)}, invented</also-called>\n"
        f"<full-summary>{escape(summary(topic))}</full-summary>\n{groups}{mapped}{mesh}"
        f'<primary-institute url="https://www.example.gov">{_INSTITUTE}</primary-institute>\n</health-topic>'
    )


def summary(topic: Topic) -> str:
    """Return the HTML of a topic: a heading and a paragraph for each fact, then the attribution."""
    facts = "\n".join(
        f"<h3>{escape(_heading(topic, fact))}</h3>\n<p>{_answer(topic, fact)}</p>" for fact in topic.facts
    )
    return f'{facts}\n\n<p class="attribution">NIH: {_INSTITUTE}</p>'


def _heading(topic: Topic, fact: Fact) -> str:
    if topic.language == "Spanish":
        return _SPANISH[fact.question_type].format(focus=topic.focus)
    return phrase(fact.question_type, topic.focus, 0)


def _answer(topic: Topic, fact: Fact) -> str:
    """Return the HTML of an answer. In every third topic the slot is a link, as NLM has written links since 2025."""
    answer = escape(fact.answer)
    if int(topic.id) % 3 or fact.slot not in answer:
        return answer
    before, _, after = answer.rpartition(fact.slot)
    return f'{before}<TOPIC ID="{int(topic.id) % 9000}" LINKTEXT="{fact.slot}"/>{after}'


def _groups(topics: Iterable[Topic]) -> dict[str, int]:
    names = sorted({name for topic in topics for name in topic.groups})
    return {name: 1 + sum(map(ord, name)) % 97 for name in names}


def _group_url(name: str) -> str:
    return f"{SITE}/{''.join(filter(str.isalpha, name)).lower()}.html"


def url(topic: Topic) -> str:
    """Return the address of a topic's page."""
    folder = "spanish/" if topic.language == "Spanish" else ""
    return f"{SITE}/{folder}{''.join(filter(str.isalpha, topic.title)).lower()}.html"
