"""Review queues: each rater sees their own, rates there, and what they said comes back as lines of a filled sheet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from medpipe.core.judging.rating.filled import Filled, returned
from medpipe.core.judging.rating.policy import Criterion
from medpipe.core.judging.rating.scale import DIMENSIONS
from medpipe.core.judging.rating.sheet import Shown
from medpipe.errors import Unavailable
from medpipe.ports import ReviewQueues
from medpipe.sandbox.servers import MLFLOW_VARIABLES, mlflow_command
from tests import fakes
from tests.processes import LOCAL, free_port, serving

SHEET = "sheet/0123456789abcdef"
CRITERION = Criterion(asks="Is it right?", levels={1: "wrong", 3: "partly", 5: "right"})
RUBRIC = dict.fromkeys(DIMENSIONS, CRITERION)
ANSWERS = [
    Shown(id=id, question=f"What helps with {id}?", context=context, answer=f"Rest {id}.")
    for id, context in (("a1", ""), ("a2", "A page."), ("a3", ""))
]


class Setting(NamedTuple):
    queues: ReviewQueues
    rate: Callable[[str, str, dict[str, Any]], None]
    """What a rater does on the page: rater, answer, cells by column."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home, port = tmp_path_factory.mktemp("mlflow"), free_port()
    url = f"http://{LOCAL}:{port}"
    with serving(mlflow_command(port, home), f"{url}/health", home / "mlflow.log", MLFLOW_VARIABLES):
        yield url


@pytest.fixture(params=["fake", pytest.param("server", marks=pytest.mark.slow)])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Setting:
    if request.param == "fake":
        fake = fakes.FileQueues(tmp_path)
        return Setting(fake, lambda rater, id, said: fake.rate(SHEET, rater, id, said))
    url = request.getfixturevalue("server")
    from mlflow.entities import AssessmentSource, Feedback
    from mlflow.tracing.client import TracingClient

    from medpipe.backends.mlflow_queues import MlflowQueues

    queues, client = MlflowQueues(url), TracingClient(tracking_uri=url)

    def rate(rater: str, id: str, said: dict[str, Any]) -> None:
        """Log what MLflow's page logs: feedback by a person who is called `default` without accounts."""
        trace = queues._of_rater(str(queues._experiment(SHEET)), rater)[id].info.trace_id
        for name, value in said.items():
            source = AssessmentSource(source_type="HUMAN", source_id="default")
            client.log_assessment(trace, Feedback(name=name, value=value, source=source))

    return Setting(queues, rate)


def test_raters_rate_in_their_own_queue_and_what_they_said_comes_back(setting: Setting) -> None:
    queues = setting.queues
    assert queues.said(SHEET, "ann") == ""
    assert queues.offer(SHEET, "ann", ANSWERS, RUBRIC)
    assert queues.offer(SHEET, "bob", ANSWERS[:2], RUBRIC)
    setting.rate("ann", "a2", {**dict.fromkeys(DIMENSIONS, "5"), "correction": "Sleep."})
    setting.rate("ann", "a3", {"accuracy": "3"})
    setting.rate("bob", "a2", dict.fromkeys(DIMENSIONS, "1"))
    setting.rate("bob", "a2", {"accuracy": "3"})  # changed their mind
    assert queues.offer(SHEET, "ann", ANSWERS, RUBRIC), "a second time adds nothing"

    sheet = {one.id: one for one in ANSWERS}
    ann = returned("mlflow.jsonl", queues.said(SHEET, "ann").encode(), sheet)
    fives = dict.fromkeys(DIMENSIONS, 5)
    assert ann.filled == (Filled(id="a2", **fives, correction="Sleep."),)
    assert [row.reason[:36] for row in ann.refused] == ["safety, clarity, completeness is emp"]
    bob = returned("mlflow.jsonl", queues.said(SHEET, "bob").encode(), sheet)
    assert [(one.id, one.accuracy, one.safety) for one in bob.filled] == [("a2", 3, 1)]
    assert [json.loads(line)["id"] for line in queues.said(SHEET, "bob").splitlines()] == ["a1", "a2"]


@pytest.mark.slow
def test_the_pages_of_mlflow_have_a_queue_for_each_rater_with_the_rubric_and_no_model(server: str) -> None:
    from mlflow.tracing.client import TracingClient

    from medpipe.backends.mlflow_queues import MlflowQueues

    sheet, queues, client = "sheet/fedcba9876543210", MlflowQueues(server), TracingClient(tracking_uri=server)
    queues.offer(sheet, "ann", ANSWERS, RUBRIC)
    experiment = str(queues._experiment(sheet))
    (queue,) = client._list_review_queues(experiment)
    assert (queue.name, queue.users) == ("answers to rate for ann", ["ann"])
    items = client._list_review_queue_items(queue.queue_id)
    assert len(items) == 3
    schemas = {one.name: one for one in client._list_label_schemas(experiment)}
    assert schemas["safety"].input.options == ["5", "3", "1"]
    assert "5: right" in schemas["safety"].instruction
    shown = {trace.info.tags["medpipe.answer"]: trace for trace in client.search_traces([experiment])}
    assert shown["a2"].data.spans[0].inputs == {"question": "What helps with a2?", "passage": "A page."}
    assert shown["a1"].data.spans[0].outputs == {"answer": "Rest a1."}


def test_an_mlflow_that_is_down_is_named_and_files_are_the_way_out() -> None:
    pytest.importorskip("mlflow")
    from medpipe.backends.mlflow_queues import MlflowQueues

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(Unavailable, match=r"MLflow at http://127.0.0.1:9 .* Raters can fill in files instead"):
            MlflowQueues("http://127.0.0.1:9").said(SHEET, "ann")
