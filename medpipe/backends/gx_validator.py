"""Validation with Great Expectations: suites are native JSON, results are reasons in words and Data Docs.

GX sees ids, dates, counts and flags, never a question, an answer or what a user wrote: its pages quote
the values that failed. What a suite may check of a text is a column that `core.corpus.measures` works out.
"""

from __future__ import annotations

import json
import logging
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medpipe.core.corpus import measures
from medpipe.ports import Delivery, Validation

SCOPES = ("row", "batch", "remark")


def no_identifiers(texts: Sequence[str], language: str) -> Sequence[Mapping[str, int]]:
    """Where nobody can tell what identifies people."""
    return [{} for _ in texts]


class GxValidator:
    """`medpipe.ports.Validator`: `suites` holds `{suite}.json`, `docs` receives a Data Docs site a run.

    In a suite each expectation has `notes` in plain words, and in its `meta` a `scope`: rows that fail one
    of scope `row` are quarantined, one of scope `batch` stops everything, one of scope `remark` is only
    reported. The suite's own `meta.max_rejected_share` stops a batch of which too many rows are quarantined;
    `meta.fields` and `meta.optional_fields` are the fields that rows must and may have. `identifiers` counts
    what identifies people in texts.
    """

    def __init__(self, suites: Path, docs: Path, identifiers: measures.Identifiers = no_identifiers) -> None:
        self.suites = suites
        self.docs = docs
        self.identifiers = identifiers

    def validate(
        self, rows: Sequence[Mapping[str, Any]], suite: str, name: str, delivery: Delivery = Delivery()
    ) -> Validation:
        """Apply a suite; raises ValueError when its file is missing or says no scope.

        An expectation that cannot be evaluated stops the batch: nothing passes unchecked. Measures of a delivery
        that `delivery` does not have are not asked for.
        """
        described = _asked(self._suite(suite), delivery)
        meta = described["meta"]
        columns = measures.columns(
            rows,
            suite,
            frozenset(meta.get("fields", ())),
            frozenset(meta.get("optional_fields", ())),
            delivery.end,
            self.identifiers,
        )
        results, report = self._run(described, [{**each, **delivery.measures} for each in columns], suite, name)
        rejected: dict[int, list[str]] = {}
        reasons: list[str] = []
        remarks: list[str] = []
        for note, scope, result in results:
            failed = (result.result or {}).get("unexpected_index_list")
            if result.success:
                continue
            if scope == "row" and failed:
                for index in failed:
                    rejected.setdefault(int(index), []).append(note)
            else:
                (remarks if scope == "remark" else reasons).append(f"{note} {_observed(result)}".strip())
        share, limit = len(rejected) / max(1, len(rows)), float(described["meta"]["max_rejected_share"])
        if share > limit:
            reasons.append(
                f"{len(rejected)} of {len(rows)} rows were rejected, more than {limit:.0%}: "
                + "; ".join(_commonest(rejected))
            )
        return Validation(
            not reasons,
            tuple(reasons),
            {index: tuple(why) for index, why in sorted(rejected.items())},
            str(report),
            tuple(remarks),
        )

    def _suite(self, suite: str) -> dict[str, Any]:
        file = self.suites / f"{suite}.json"
        if not file.is_file():
            raise ValueError(f"no expectations for {suite!r}: {file.name} is missing")
        described: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        for number, expectation in enumerate(described["expectations"], start=1):
            if expectation.get("meta", {}).get("scope") not in SCOPES or not expectation.get("notes"):
                raise ValueError(
                    f"{file.name}, expectation {number} ({expectation.get('type')}): "
                    'give it "notes" in plain words and "meta": {"scope": "row"}, "batch" or "remark"'
                )
            # Data Docs show descriptions, not notes: the words are the same.
            expectation.setdefault("description", " ".join(expectation["notes"]))
        if "max_rejected_share" not in described.get("meta", {}):
            raise ValueError(f'{file.name}: give the suite "meta": {{"max_rejected_share": …}}')
        return described

    def _run(
        self, described: dict[str, Any], columns: list[dict[str, Any]], suite: str, name: str
    ) -> tuple[list[tuple[str, str, Any]], Path]:
        """(note, scope, GX result) of each expectation, and the page that shows them."""
        gx = _great_expectations()
        import pandas as pd

        site = self.docs / suite / name
        private = self.docs / suite / f".{name}-{uuid.uuid4().hex}"
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        for other in list(context.variables.data_docs_sites or {}):
            context.delete_data_docs_site(other)
        context.add_data_docs_site(
            site_name="medpipe",
            site_config={
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(private)},
            },
        )
        asset = context.data_sources.add_pandas("rows").add_dataframe_asset(suite)
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(
                name=name,
                data=asset.add_batch_definition_whole_dataframe("all"),
                suite=context.suites.add(gx.ExpectationSuite(**described)),
            )
        )
        checkpoint = context.checkpoints.add(
            gx.Checkpoint(name=name, validation_definitions=[definition], result_format={"result_format": "COMPLETE"})
        )
        run = checkpoint.run(
            batch_parameters={"dataframe": pd.DataFrame(columns)}, run_id=gx.RunIdentifier(run_name=name)
        )
        context.build_data_docs()
        page = _publish(private, site)
        (outcome,) = run.run_results.values()
        return [
            (_note(result), str(result.expectation_config.meta["scope"]), result) for result in outcome.results
        ], page


def _great_expectations() -> Any:
    # At INFO it announces every decorated function on import, and its stores on every run.
    log = logging.getLogger("great_expectations")
    log.setLevel(logging.WARNING)
    import great_expectations

    log.setLevel(logging.WARNING)  # which its import has set back
    return great_expectations


def _asked(described: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
    """The suite without questions about the delivery that cannot be answered of this one."""
    absent = set(measures.DELIVERY) - delivery.measures.keys()
    return described | {
        "expectations": [one for one in described["expectations"] if one["kwargs"].get("column") not in absent]
    }


def _note(result: Any) -> str:
    notes = result.expectation_config.notes
    return " ".join(notes) if isinstance(notes, list) else str(notes)


def _observed(result: Any) -> str:
    """What GX saw instead, or why it could not look; never a text."""
    value = (result.result or {}).get("observed_value")
    if value is not None:
        return f"(found {value})"
    return "(could not be checked: see the report)" if not result.result else ""


def _commonest(rejected: Mapping[int, Sequence[str]]) -> list[str]:
    counts: dict[str, int] = {}
    for why in rejected.values():
        for note in why:
            counts[note] = counts.get(note, 0) + 1
    return [f"{note} ({count} rows)" for note, count in sorted(counts.items(), key=lambda one: -one[1])[:3]]


def _publish(private: Path, site: Path) -> Path:
    """Put a finished site in its place (instead of an earlier run's of that name); returns the run's page."""
    styles, shared = private / "static", site.parent / ".static"  # 4 MB: kept once for all runs of a suite
    try:
        styles.rename(shared)
    except OSError:  # they are there already
        shutil.rmtree(styles)
    styles.symlink_to(Path("..") / shared.name)
    shutil.rmtree(site, ignore_errors=True)
    try:
        private.rename(site)
    except OSError:  # the same validation finished elsewhere a moment ago: its site says the same
        shutil.rmtree(private, ignore_errors=True)
    return next(iter(sorted((site / "validations").rglob("*.html"))), site / "index.html")
