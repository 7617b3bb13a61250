"""Validation with Great Expectations: suites are its own JSON, results are reasons in words and Data Docs pages.

Great Expectations (GX) sees ids, dates, counts and flags, never a question, an answer or a document: its pages quote
the values that failed. Where a suite checks a text, it checks a measure of it from `core.corpus.measures`.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medpipe.backends.gx.frame import frame
from medpipe.core.corpus import measures
from medpipe.errors import ConfigError, NotFound
from medpipe.ports import Delivery, Validation

Scope = Literal["row", "batch", "remark"]
_COMMONEST = 3
"""How many reasons a rejected batch names."""


class ExpectationMeta(BaseModel):
    """What medpipe adds to an expectation."""

    model_config = ConfigDict(extra="allow")
    scope: Scope
    """`row`: rows that fail are quarantined. `batch`: a failure stops everything. `remark`: only reported."""


class Expectation(BaseModel):
    """One expectation, as far as medpipe reads it."""

    model_config = ConfigDict(extra="allow")
    type: str
    arguments: Annotated[dict[str, Any], Field(alias="kwargs")]
    meta: ExpectationMeta
    notes: list[str] = Field(min_length=1)
    """The reason of a failure in plain words."""


class SuiteMeta(BaseModel):
    """What medpipe adds to a suite."""

    model_config = ConfigDict(extra="allow")
    max_rejected_share: float = Field(ge=0, le=1)
    """Share of quarantined rows above which the whole batch stops."""
    fields: tuple[str, ...] = ()
    """Fields that every row must have."""
    optional_fields: tuple[str, ...] = ()
    """Fields that a row may have."""


class Suite(BaseModel):
    """A file of `expectations/`. Its JSON goes to Great Expectations as it is."""

    model_config = ConfigDict(extra="allow")
    name: str
    meta: SuiteMeta
    expectations: list[Expectation]


class _Outcome(NamedTuple):
    """The outcome of one expectation on one batch."""

    note: str
    scope: Scope
    success: bool
    rows: tuple[int, ...]
    """Indices of the rows that failed, where the expectation is about rows."""
    observed: str
    """What GX saw instead, or that it could not look; never a text."""

    @property
    def reason(self) -> str:
        """The note, with what was observed."""
        return f"{self.note} {self.observed}".strip()


def no_identifiers(texts: Sequence[str], language: str) -> Sequence[Mapping[str, int]]:
    """Return no identifiers for each text: the stand-in where no recogniser is configured."""
    return [{} for _ in texts]


class GxValidator:
    """Implements `ports.Validator`."""

    def __init__(self, suites: Path, docs: Path, identifiers: measures.Identifiers = no_identifiers) -> None:
        """Prepare; nothing is read yet.

        `suites`: folder with `{suite}.json`. `docs`: folder that gets a Data Docs site for each run. `identifiers`:
        counts what identifies people in texts.
        """
        self.suites = suites
        self.docs = docs
        self.identifiers = identifiers

    def validate(
        self, rows: Iterable[Mapping[str, Any]], suite: str, name: str, delivery: Delivery = Delivery()
    ) -> Validation:
        """Apply a suite as `ports.Validator` says.

        An expectation that cannot be evaluated stops the batch. Expectations about measures of a delivery that
        `delivery` does not have are left out. Raises NotFound without the suite's file, ConfigError for a bad one.
        """
        checked = _applicable(self.suite(suite), delivery)
        meta = checked.meta
        measured = measures.columns(
            rows, suite, frozenset(meta.fields), frozenset(meta.optional_fields), delivery.end, self.identifiers
        )
        table = frame(measured).assign(**delivery.measures)
        outcomes, report = self._run(checked, table, suite, name)
        failed = [outcome for outcome in outcomes if not outcome.success]
        rejected = _rejected(failed)
        about_batch = [outcome for outcome in failed if not (outcome.scope == "row" and outcome.rows)]
        reasons = [outcome.reason for outcome in about_batch if outcome.scope != "remark"]
        if len(rejected) / max(1, len(table)) > meta.max_rejected_share:
            reasons.append(
                f"{len(rejected)} of {len(table)} rows were rejected, more than {meta.max_rejected_share:.0%}: "
                + "; ".join(_commonest(rejected.values()))
            )
        remarks = tuple(outcome.reason for outcome in about_batch if outcome.scope == "remark")
        return Validation(not reasons, tuple(reasons), rejected, str(report), remarks)

    def suite(self, name: str) -> Suite:
        """Return the suite in `{name}.json`. Raises NotFound without the file, ConfigError for a bad one."""
        file = self.suites / f"{name}.json"
        if not file.is_file():
            raise NotFound(f"no expectations for {name!r}: {file.name} is missing in {self.suites}")
        try:
            return Suite.model_validate_json(file.read_text(encoding="utf-8"))
        except ValidationError as error:
            raise ConfigError(_fault(file, error)) from error

    def _run(self, checked: Suite, table: Any, suite: str, name: str) -> tuple[list[_Outcome], Path]:
        """Return the outcome of each expectation on a data frame, and the page that shows them."""
        gx = _great_expectations()

        private = self.docs / suite / f".{name}-{uuid.uuid4().hex}"
        context = _context(gx, private)
        asset = context.data_sources.add_pandas("rows").add_dataframe_asset(suite)
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(
                name=name,
                data=asset.add_batch_definition_whole_dataframe("all"),
                suite=context.suites.add(gx.ExpectationSuite(**_native(checked))),
            )
        )
        checkpoint = context.checkpoints.add(
            gx.Checkpoint(name=name, validation_definitions=[definition], result_format={"result_format": "COMPLETE"})
        )
        run = checkpoint.run(batch_parameters={"dataframe": table}, run_id=gx.RunIdentifier(run_name=name))
        context.build_data_docs()
        page = _publish(private, self.docs / suite / name)
        (results,) = run.run_results.values()
        return [_outcome(result) for result in results.results], page


def _great_expectations() -> Any:
    """Import Great Expectations quietly: at INFO it logs every decorated function, and its stores on every run."""
    log = logging.getLogger("great_expectations")
    log.setLevel(logging.WARNING)
    import great_expectations

    log.setLevel(logging.WARNING)  # the import has set it back
    return great_expectations


def _context(gx: Any, site: Path) -> Any:
    """Return a context without progress bars whose only Data Docs site is the folder `site`."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    for other in list(context.variables.data_docs_sites or {}):
        context.delete_data_docs_site(other)
    context.add_data_docs_site(
        site_name="medpipe",
        site_config={
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
        },
    )
    return context


def _native(suite: Suite) -> dict[str, Any]:
    """Return the suite as GX reads it. Data Docs show descriptions and not notes, so the notes become both."""
    native = suite.model_dump(mode="json", by_alias=True)
    for expectation in native["expectations"]:
        expectation.setdefault("description", " ".join(expectation["notes"]))
    return native


def _applicable(suite: Suite, delivery: Delivery) -> Suite:
    """Return the suite without expectations about measures of a delivery that this delivery does not have."""
    absent = set(measures.DELIVERY) - delivery.measures.keys()
    expectations = [item for item in suite.expectations if item.arguments.get("column") not in absent]
    return suite.model_copy(update={"expectations": expectations})


def _outcome(result: Any) -> _Outcome:
    """Return a result of GX without its values, except an observed value of a whole column."""
    config, details = result.expectation_config, result.result or {}
    notes = config.notes
    observed = details.get("observed_value")
    unreadable = "" if details else "(could not be checked: see the report)"
    return _Outcome(
        " ".join(notes) if isinstance(notes, list) else str(notes),
        config.meta["scope"],
        bool(result.success),
        tuple(int(index) for index in details.get("unexpected_index_list") or ()),
        unreadable if observed is None else f"(found {observed})",
    )


def _rejected(failed: Iterable[_Outcome]) -> dict[int, tuple[str, ...]]:
    """Return the reasons why each row is rejected, by row index in ascending order."""
    reasons: dict[int, list[str]] = {}
    for outcome in failed:
        for index in outcome.rows if outcome.scope == "row" else ():
            reasons.setdefault(index, []).append(outcome.note)
    return {index: tuple(notes) for index, notes in sorted(reasons.items())}


def _commonest(reasons: Iterable[Sequence[str]]) -> list[str]:
    """Return the commonest reasons, each with its number of rows."""
    counts = Counter(note for notes in reasons for note in notes)
    return [f"{note} ({count} rows)" for note, count in counts.most_common(_COMMONEST)]


def _fault(file: Path, error: ValidationError) -> str:
    """Name the file, the field and the remedy of the first fault of a suite."""
    detail = error.errors(include_input=False, include_url=False)[0]
    place = [str(part) for part in detail["loc"]]
    where = ".".join(place) or "the file"
    if place[:1] == ["expectations"] and len(place) > 1:
        where = f"expectation {int(place[1]) + 1}, {'.'.join(place[2:]) or 'the whole'}"
    return (
        f"{file.name}, {where}: {detail['msg']}. A suite needs "
        '"meta": {"max_rejected_share": 0 to 1}; each of its expectations needs "notes" in plain words and '
        '"meta": {"scope": "row", "batch" or "remark"}'
    )


def _publish(private: Path, site: Path) -> Path:
    """Move a finished site to its place, instead of an earlier run's of the same name, and return the run's page."""
    styles, shared = private / "static", site.parent / ".static"  # 4 MB: stored once for all runs of a suite
    try:
        styles.rename(shared)
    except OSError:  # an earlier run has stored them
        shutil.rmtree(styles)
    styles.symlink_to(Path("..") / shared.name)
    shutil.rmtree(site, ignore_errors=True)
    try:
        private.rename(site)
    except OSError:  # the same validation finished in another process a moment ago: its site says the same
        shutil.rmtree(private, ignore_errors=True)
    return next(iter(sorted((site / "validations").rglob("*.html"))), site / "index.html")
