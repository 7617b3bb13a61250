"""MLflow's review queues, in which raters see one answer after the other and choose a level for each dimension.

MLflow attaches traces to queues, and an item counts as done when *any* user of its queue has acted on it. So each rater
has a queue with traces of their own: without accounts in MLflow nobody could tell two raters apart otherwise, and none
sees what another said. The interface is experimental in MLflow (since 3.14). Client methods with an underscore are
called because the public functions read the tracking address from the process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.genai.label_schemas import InputCategorical, InputText
from mlflow.tracing.client import TracingClient

from medpipe.core.judging.rating.policy import Criterion
from medpipe.core.judging.rating.scale import DIMENSIONS, LEVELS, Dimension
from medpipe.core.judging.rating.sheet import Shown
from medpipe.core.judging.rating.spreadsheet import CORRECTION, LONGEST
from medpipe.errors import Unavailable

_ANSWER, _RATER = "medpipe.answer", "medpipe.rater"
"""Tags of a trace: the id of the answer on the sheet, and whose queue it is for."""
_PAGE = 100


class MlflowQueues:
    """Implements `ports.ReviewQueues` over an MLflow server (``http…``) or directly on its database (``sqlite:///…``).

    A sheet is an experiment of its own, so that its label schemas have the rubric of its time.
    """

    def __init__(self, url: str) -> None:
        """Prepare the clients. `url`: the tracking address."""
        self._url = url.rstrip("/")
        if self._url.startswith("sqlite:///"):
            Path(self._url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        with self._answering():
            self._client, self._traces = MlflowClient(tracking_uri=url), TracingClient(tracking_uri=url)

    def offer(self, sheet: str, rater: str, answers: Sequence[Shown], rubric: Mapping[Dimension, Criterion]) -> str:
        """See `ports.ReviewQueues`."""
        with self._answering():
            experiment = self._experiment(sheet) or str(self._client.create_experiment(_name(sheet)))
            schemas = self._schemas(experiment, rubric)
            there = self._of_rater(experiment, rater)
            self._write(experiment, rater, [one for one in answers if one.id not in there])
            traces = self._of_rater(experiment, rater)
            queue = self._queue(experiment, rater, schemas)
            items = [str(traces[one.id].info.trace_id) for one in answers]
            for start in range(0, len(items), _PAGE):
                self._traces._add_items_to_review_queue(queue, item_ids=items[start : start + _PAGE])
        return f"{self._url}/#/experiments/{experiment}/review-queue"

    def said(self, sheet: str, rater: str) -> str:
        """See `ports.ReviewQueues`. Of several ratings of a dimension by people, the newest counts."""
        with self._answering():
            if (experiment := self._experiment(sheet)) is None:
                return ""
            traces = self._of_rater(experiment, rater)
            rows = ({"id": id, **_feedback(trace)} for id, trace in sorted(traces.items()))
            return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)

    def _experiment(self, sheet: str) -> str | None:
        found = self._client.get_experiment_by_name(_name(sheet))
        return None if found is None else str(found.experiment_id)

    def _schemas(self, experiment: str, rubric: Mapping[Dimension, Criterion]) -> list[str]:
        """Return the ids of the questions, after making those that are missing."""
        known = {one.name: one.schema_id for one in self._traces._list_label_schemas(experiment, max_results=_PAGE)}
        levels = InputCategorical(options=[str(level) for level in reversed(LEVELS)])
        for name in DIMENSIONS:
            if name not in known:
                told = "\n".join(f"{level}: {rubric[name].levels[level]}" for level in reversed(LEVELS))
                known[name] = self._schema(experiment, name, levels, f"{rubric[name].asks}\n{told}")
        if CORRECTION not in known:
            told = "The answer that you would give, if this one should not have been given."
            known[CORRECTION] = self._schema(experiment, CORRECTION, InputText(max_length=LONGEST), told)
        return [known[name] for name in (*DIMENSIONS, CORRECTION)]

    def _schema(self, experiment: str, name: str, widget: Any, instruction: str) -> str:
        schema = self._traces._create_label_schema(
            experiment_id=experiment, name=name, type="feedback", input=widget, instruction=instruction
        )
        return str(schema.schema_id)

    def _queue(self, experiment: str, rater: str, schemas: Sequence[str]) -> str:
        """Return the id of a rater's queue, after making it if necessary."""
        token = None
        while True:
            page = self._traces._list_review_queues(experiment, user=rater, max_results=_PAGE, page_token=token)
            if known := next((queue for queue in page if queue.name == _queue_name(rater)), None):
                return str(known.queue_id)
            if not (token := page.token):
                break
        made = self._traces._create_review_queue(
            experiment, name=_queue_name(rater), queue_type="custom", users=[rater], schema_ids=list(schemas)
        )
        return str(made.queue_id)

    def _write(self, experiment: str, rater: str, answers: Sequence[Shown]) -> None:
        """Write a trace for each answer. MLflow sends traces to the process's address, so that is set meanwhile."""
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(self._url)
        try:
            for one in answers:
                span = self._client.start_trace(
                    one.id,
                    inputs={"question": one.question, **({"passage": one.context} if one.context else {})},
                    tags={_ANSWER: one.id, _RATER: rater},
                    experiment_id=experiment,
                )
                self._client.end_trace(span.trace_id, outputs={"answer": one.answer})
            mlflow.flush_trace_async_logging()
        finally:
            mlflow.set_tracking_uri(before)

    def _of_rater(self, experiment: str, rater: str) -> dict[str, Any]:
        """Return a rater's traces by the id of the answer."""
        found: dict[str, Any] = {}
        token = None
        while True:
            page = self._traces.search_traces([experiment], max_results=_PAGE, page_token=token, include_spans=False)
            mine = (trace for trace in page if trace.info.tags.get(_RATER) == rater)
            found |= {trace.info.tags[_ANSWER]: trace for trace in mine}
            if not (token := page.token):
                return found

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn MLflow's errors into Unavailable."""
        try:
            yield
        except MlflowException as error:
            raise Unavailable(
                f"MLflow at {self._url} does not answer or refuses ({error.error_code}): {error.message}; "
                "is it up, of version 3.14 or later, and is MEDPIPE_MLFLOW_URL right? Raters can fill in files instead"
            ) from error


def _feedback(trace: Any) -> dict[str, Any]:
    people = [
        one for one in trace.info.assessments or () if one.source.source_type == "HUMAN" and one.valid is not False
    ]
    newest = sorted(people, key=lambda one: one.last_update_time_ms or 0)
    return {one.name: one.value for one in newest if one.name in (*DIMENSIONS, CORRECTION)}


def _name(sheet: str) -> str:
    return f"medpipe {sheet}"


def _queue_name(rater: str) -> str:
    return f"answers to rate for {rater}"
