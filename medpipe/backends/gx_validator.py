"""Validation with Great Expectations: suites are native JSON, results are reasons in words and Data Docs.

GX sees ids, dates, counts and flags, never a question, an answer or what a user wrote: its pages quote
the values that failed. What a suite may check of a text is worked out here, as a column.
"""

from __future__ import annotations

import json
import logging
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medpipe.core.quality import damage
from medpipe.core.scoring import contains
from medpipe.ports import Validation

_WITHDRAWN = frozenset({"retracted", "deleted"})
_TEXTS = frozenset({"question", "answer", "correction", "chosen", "rejected", "title", "sections", "slot",
                    "relations", "focus", "document_ids", "document_digests"})
"""Columns of which GX sees only what `_columns` makes of them."""


class GxValidator:
    """`medpipe.ports.Validator`: `suites` holds `{suite}.json`, `docs` receives a Data Docs site a run.

    In a suite each expectation has `notes` in plain words, and in its `meta` a `scope`: rows that fail one
    of scope `row` are quarantined, one of scope `batch` stops everything. The suite's own
    `meta.max_rejected_share` stops a batch of which too many rows are quarantined.
    """

    def __init__(self, suites: Path, docs: Path) -> None:
        self.suites = suites
        self.docs = docs

    def validate(self, rows: Sequence[Mapping[str, Any]], suite: str, name: str) -> Validation:
        """Apply a suite; raises ValueError when its file is missing or says no scope.

        An expectation that cannot be evaluated stops the batch: nothing passes unchecked.
        """
        described = self._suite(suite)
        results, report = self._run(described, [_columns(row) for row in rows], suite, name)
        rejected: dict[int, list[str]] = {}
        reasons: list[str] = []
        for note, scope, result in results:
            failed = (result.result or {}).get("unexpected_index_list")
            if result.success:
                continue
            if scope == "row" and failed:
                for index in failed:
                    rejected.setdefault(int(index), []).append(note)
            else:
                reasons.append(f"{note} {_observed(result)}".strip())
        share, limit = len(rejected) / max(1, len(rows)), float(described["meta"]["max_rejected_share"])
        if share > limit:
            reasons.append(f"{len(rejected)} of {len(rows)} rows were rejected, more than {limit:.0%}: "
                           + "; ".join(_commonest(rejected)))
        return Validation(not reasons, tuple(reasons),
                          {index: tuple(why) for index, why in sorted(rejected.items())}, str(report))

    def _suite(self, suite: str) -> dict[str, Any]:
        file = self.suites / f"{suite}.json"
        if not file.is_file():
            raise ValueError(f"no expectations for {suite!r}: {file.name} is missing")
        described: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        for number, expectation in enumerate(described["expectations"], start=1):
            if expectation.get("meta", {}).get("scope") not in ("row", "batch") or not expectation.get("notes"):
                raise ValueError(f"{file.name}, expectation {number} ({expectation.get('type')}): "
                                 'give it "notes" in plain words and "meta": {"scope": "row"} or "batch"')
            # Data Docs show descriptions, not notes: the words are the same.
            expectation.setdefault("description", " ".join(expectation["notes"]))
        if "max_rejected_share" not in described.get("meta", {}):
            raise ValueError(f'{file.name}: give the suite "meta": {{"max_rejected_share": …}}')
        return described

    def _run(self, described: dict[str, Any], columns: list[dict[str, Any]], suite: str,
             name: str) -> tuple[list[tuple[str, str, Any]], Path]:
        """(note, scope, GX result) of each expectation, and the page that shows them."""
        gx = _great_expectations()
        import pandas as pd

        site = self.docs / suite / name
        private = self.docs / suite / f".{name}-{uuid.uuid4().hex}"
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        for other in list(context.variables.data_docs_sites or {}):
            context.delete_data_docs_site(other)
        context.add_data_docs_site(site_name="medpipe", site_config={
            "class_name": "SiteBuilder", "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(private)}})
        asset = context.data_sources.add_pandas("rows").add_dataframe_asset(suite)
        definition = context.validation_definitions.add(gx.ValidationDefinition(
            name=name, data=asset.add_batch_definition_whole_dataframe("all"),
            suite=context.suites.add(gx.ExpectationSuite(**described))))
        checkpoint = context.checkpoints.add(gx.Checkpoint(
            name=name, validation_definitions=[definition], result_format={"result_format": "COMPLETE"}))
        run = checkpoint.run(batch_parameters={"dataframe": pd.DataFrame(columns)},
                             run_id=gx.RunIdentifier(run_name=name))
        context.build_data_docs()
        page = _publish(private, site)
        (outcome,) = run.run_results.values()
        return [(_note(result), str(result.expectation_config.meta["scope"]), result)
                for result in outcome.results], page


def _great_expectations() -> Any:
    # At INFO it announces every decorated function on import, and its stores on every run.
    log = logging.getLogger("great_expectations")
    log.setLevel(logging.WARNING)
    import great_expectations

    log.setLevel(logging.WARNING)  # which its import has set back
    return great_expectations


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


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """What GX may see of a row: its plain fields, and measures of its texts."""
    columns = {name: value for name, value in row.items() if name not in _TEXTS}
    if "sections" in row:
        return columns | _of_document(row)
    for name in ("question", "answer", "chosen", "rejected", "correction"):
        if name in row:
            columns[f"{name}_chars"] = len(str(row[name] or "").strip())
    texts = [value for name, value in row.items() if name in _TEXTS and isinstance(value, str)]
    columns["damaged_characters"] = sum(map(damage, texts))
    if "document_ids" in row:
        columns["untraced"] = not row["document_ids"] and row.get("source") != "safety"
    if "chosen" in row:
        columns["same_answers"] = str(row["chosen"]).split() == str(row["rejected"]).split()
    if "slot" in row:
        columns["slot_missing"] = bool(row["slot"]) and not contains(str(row["answer"]), str(row["slot"]))
    return columns


def _of_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Measures of a document. A withdrawal is only asked for its id: no blemish may keep it out."""
    texts = [str(section["text"]).strip() for section in row["sections"]]
    seen: dict[str, Any] = {
        "title_chars": len(str(row["title"]).strip()), "text_chars": sum(map(len, texts)),
        # PubMed cites many articles without an abstract; a revision that drops one must replace the old text.
        "text_missing": row["status"] == "current" and not str(row["id"]).startswith("pmid:") and not any(texts),
        "damaged_characters": sum(map(damage, [str(row["title"] or ""), *texts])),
        "published_year": int(str(row["published"])[:4]) if str(row["published"])[:4].isdigit() else 0,
    }
    if row["status"] in _WITHDRAWN:
        return dict.fromkeys([*seen, "language", "url"])
    return seen
