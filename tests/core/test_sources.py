"""The table of sources agrees with itself, is complete, and is the only list of sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core import sources
from medpipe.core.sources import SOURCES, Delivery, Kind
from medpipe.core.teaching.data import Data
from medpipe.errors import NotFound, exit_status
from medpipe.ports import Source
from medpipe.settings import Settings
from medpipe.sources.curated.sets import SETS
from medpipe.wiring import Wiring
from tests.places import ROOT

WORDS = {word for source in SOURCES for word in (source.name, source.prefix)}
ELSEWHERE = {
    "medpipe/core/sources.py": "the table",
    "medpipe/readers.py": "from name to reader: the test below compares it with the table",
    "medpipe/sandbox/real/__main__.py": "the sets that the demo teaches, of all that may be at hand",
    "bench/reading.py": "folders of the recorded data, each a part of a set",
    "bench/decontamination.py": "names of benchmarks, some of which are made of a source",
    "medpipe/sources/curated/benchmarks.py": "published benchmarks, some of which are sources too",
}


def _lists(text: str) -> Iterator[tuple[int, set[str]]]:
    """(line, names) of every literal list, tuple, set or dict that names two sources."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            members = node.elts
        elif isinstance(node, ast.Dict):
            members = [key for key in node.keys if key is not None]
        else:
            continue
        words = {member.value for member in members if isinstance(member, ast.Constant)}
        named = {word for word in WORDS if word in words}
        if len(named) > 1:
            yield node.lineno, named


def test_no_other_code_lists_sources() -> None:
    seconds = [
        f"{path.relative_to(ROOT)}, line {line}: {', '.join(sorted(named))}"
        for folder in ("medpipe", "serving", "plugins", "dags", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.relative_to(ROOT).as_posix() not in ELSEWHERE
        for line, named in _lists(path.read_text(encoding="utf-8"))
    ]
    assert seconds == []


@pytest.mark.parametrize(
    "text",
    [
        'WHOLE = frozenset({"medlineplus", "genetics"})',
        'redact: tuple[str, ...] = ("meddialog", "liveqa")',
        'sources: dict[str, float] = {"mplus": 1.0, "pmid": 1.0}',
        'PAGES = ARTICLES | {"mplus", "medquad", "ghr"}',
        'Param(["medlineplus", "pubmed"], type="array")',
    ],
)
def test_a_second_list_would_be_seen(text: str) -> None:
    assert len(list(_lists(text))) == 1


def test_names_are_unique_and_sources_of_one_prefix_agree_in_what_is_asked_of_documents() -> None:
    names = [name for source in SOURCES for name in (source.name, source.alias) if name]
    assert len(names) == len(set(names))
    by_prefix: dict[str, set[tuple[object, ...]]] = {}
    for source in SOURCES:
        columns = (source.publisher, source.kind, source.licence, source.written_by_people, source.default_share)
        by_prefix.setdefault(source.prefix, set()).add(columns)
    assert {prefix: len(rows) for prefix, rows in by_prefix.items()} == dict.fromkeys(by_prefix, 1)


def test_every_source_has_a_publisher_with_a_folder_and_a_reader(tmp_path: Path) -> None:
    wiring = Wiring(Settings(home=tmp_path))
    for source in SOURCES:
        assert (ROOT / "medpipe" / "sources" / source.publisher).is_dir()
        reader: Source = wiring.source(source.name)
        assert type(reader).__module__.startswith(f"medpipe.sources.{source.publisher}.")


def test_the_curated_sets_are_the_collections_of_the_table() -> None:
    assert set(SETS) == {source.name for source in SOURCES if source.delivery is Delivery.COLLECTION}
    assert all(SETS[name].licence == sources.named(name).licence for name in SETS)


def test_an_alias_is_the_source_itself(tmp_path: Path) -> None:
    assert sources.named("curated") is sources.named("medquad")


@pytest.mark.parametrize("name", ["", "medline", "../../etc/passwd", "pub\x00med", "x" * 10_000, "PubMed"])
def test_an_unknown_source_is_refused_with_the_list_of_sources(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        NotFound, match=r"no source .*; there are medlineplus, medlineplus-search, .*, triage$"
    ) as caught:
        Wiring(Settings(home=tmp_path)).source(name)
    assert exit_status(caught.value) == 2 and len(str(caught.value)) < 500 and "\x00" not in str(caught.value)


def test_a_document_of_an_unknown_source_is_a_question_that_nobody_wrote() -> None:
    assert sources.of_document("other:1") is None
    assert sources.kind_of("other:1") is Kind.QUESTIONS
    assert not sources.by_people("other") and not sources.whole("other")


def test_the_prefix_of_an_id_decides_its_kind() -> None:
    kinds = {
        id: sources.kind_of(id) for id in ("pmid:1.2", "mplus:6308", "ghr:gene/x", "medquad:9_CDC_QA/1", "medqa:1")
    }
    assert list(kinds.values()) == [Kind.ARTICLE, Kind.PAGE, Kind.PAGE, Kind.PAGE, Kind.QUESTIONS]


def test_a_recipe_that_says_nothing_takes_the_daily_sources_and_redacts_what_people_wrote() -> None:
    assert Data().sources == {"mplus": 1.0, "pmid": 1.0}
    assert set(Data().redact) == {"meddialog", "liveqa", "ultramedical", "ultramedical-preference", "triage"}
    assert Data(redact=()).redact == ()


def test_the_daily_sources_are_those_that_post_several_times_a_week() -> None:
    assert sources.posted() == ("medlineplus", "pubmed")
    assert sources.named("medlineplus").posting_days == {1, 2, 3, 4, 5}, "Tuesday to Saturday"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 4, 4, 59, tzinfo=UTC), date(2026, 3, 3)),
        (datetime(2026, 3, 4, 5, 0, tzinfo=UTC), date(2026, 3, 4)),
        (datetime(2026, 7, 4, 4, 30, tzinfo=UTC), date(2026, 7, 3)),
    ],
)
def test_nlms_day_begins_at_five_in_universal_time_all_year(moment: datetime, day: date) -> None:
    assert sources.eastern_day(moment) == day


@given(st.integers(0, 4_000_000_000), st.timezones())
def test_nlms_day_does_not_depend_on_the_time_zone_in_which_a_moment_is_written(second: int, zone: tzinfo) -> None:
    moment = datetime.fromtimestamp(second, zone)
    assert sources.eastern_day(moment) == sources.eastern_day(moment.astimezone(UTC))
