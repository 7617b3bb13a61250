"""A load of the baseline goes on until no file is left, and stops where it takes nothing."""

from __future__ import annotations

import pytest

ORDERED = {"start": "2026-12-10", "end": "2026-12-11", "baseline": "True"}
FILE = {"source": "pubmed", "start": "2026-12-09", "end": "2026-12-10", "file": "pubmed27n0501.xml.gz"}
NOTHING = {"source": "pubmed", "start": "2026-12-11", "end": "2026-12-11"}
TOPICS = {"source": "medlineplus", "start": "2026-12-10", "end": "2026-12-11"}


@pytest.fixture
def rest(monkeypatch):
    """`rest(plans, previous, …)`: the form of the run that goes on, of one that made corpus/2."""
    pytest.importorskip("airflow")
    from medpipe_airflow import loading

    def run(plans, previous="corpus/1", **window):
        def call(verb, arguments):
            return "corpus/2" if verb == "latest" else plans[arguments["sources"][0]]

        monkeypatch.setattr("medpipe.cli.call", call)
        return loading.rest_of_load.function([[source] for source in plans], previous, **{**ORDERED, **window})

    return run


def test_a_load_goes_on_with_the_sources_that_have_files_left_for_the_same_days(rest):
    form = {"sources": ["pubmed"], "start": "2026-12-10", "end": "2026-12-11", "baseline": True}
    assert rest({"pubmed": [FILE], "medlineplus": [TOPICS]}) == form


def test_a_run_without_a_baseline_or_with_the_last_file_starts_no_other(rest):
    from airflow.sdk.exceptions import AirflowSkipException

    for plans, window in (
        ({"pubmed": [FILE]}, {"baseline": "False"}),
        ({"pubmed": [NOTHING], "medlineplus": [TOPICS]}, {}),
    ):
        with pytest.raises(AirflowSkipException):
            rest(plans, **window)


def test_a_load_that_took_nothing_stops_and_names_the_file(rest):
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match=r"took nothing, and pubmed27n0501\.xml\.gz is the next"):
        rest({"pubmed": [FILE]}, previous="corpus/2")
