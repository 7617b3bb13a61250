"""The alerts and the dashboard: every expression is PromQL over metrics that the gateway has, and every alert fires."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from serving.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docker" / "monitoring"
ALERTS = [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
BOARD = json.loads((FOLDER / "dashboard.json").read_text())
TARGET = {"job", "instance"}
"""Labels that Prometheus adds to every series of a target."""
GRAFANA = {"$__rate_interval": "5m", "$job": ".*"}
"""What Grafana puts in for its variables."""


def _labels_of_metrics() -> dict[str, set[str]]:
    """Return every name under which a sample is exported → the labels that it has."""
    known = {"up": set(TARGET)}
    for collector in set(Metrics().registry._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ())) | TARGET
        for metric in collector.describe():
            suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
            known |= {metric.name + suffix: labels | ({"le"} if suffix == "_bucket" else set()) for suffix in suffixes}
    return known


def _parts(node: Any) -> Iterator[Any]:
    yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "args", "param"):
        inner = getattr(node, name, None)
        for part in inner if isinstance(inner, list) else [inner]:
            if part is not None and type(part).__module__.startswith("promql_parser"):
                yield from _parts(part)


def unknown(expression: str) -> list[str]:
    """Return the metrics and labels of an expression that no gateway exports. Raises ValueError for no PromQL."""
    for name, value in GRAFANA.items():
        expression = expression.replace(name, value)
    known, found = _labels_of_metrics(), []
    parts = list(_parts(promql_parser.parse(expression)))
    selectors = [part for part in parts if isinstance(part, promql_parser.VectorSelector)]
    if not selectors:
        return [f"{expression} selects nothing"]
    for selector in selectors:
        if selector.name not in known:
            found.append(selector.name)
            continue
        asked = {matcher.name for matcher in selector.matchers.matchers}
        found += sorted(asked - known[selector.name])
    of_any = set[str]().union(*(known.get(selector.name, set()) for selector in selectors))
    for part in parts:
        if isinstance(part, promql_parser.AggregateExpr) and part.modifier:
            found += sorted(set(part.modifier.labels) - of_any)
    return found


def _of_the_board() -> list[str]:
    of_panels = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    return of_panels + [note["expr"] for note in BOARD["annotations"]["list"]]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_gateways_have(rule: dict[str, Any]) -> None:
    assert unknown(rule["expr"]) == []


@pytest.mark.parametrize("expression", _of_the_board())
def test_a_panel_asks_for_metrics_that_gateways_have(expression: str) -> None:
    assert unknown(expression) == []


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("medpipe_requests > 1", ["medpipe_requests"]),
        ('medpipe_requests_total{code="500"}', ["code"]),
        ("sum by (rule) (medpipe_refused_total)", ["rule"]),
        ("vector(1)", ["vector(1) selects nothing"]),
        ("rate(medpipe_nothing_total[5m])", ["medpipe_nothing_total"]),
        ("changes(max(medpipe_nothing)[1m:])", ["medpipe_nothing"]),
    ],
)
def test_a_metric_or_a_label_that_does_not_exist_is_found(expression: str, found: list[str]) -> None:
    assert unknown(expression) == found


def test_what_is_no_promql_is_found() -> None:
    with pytest.raises(ValueError, match=r"unexpected|unclosed|syntax|missing"):
        unknown("sum by (status) rate(medpipe_requests_total[5m]")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["action"].endswith(".")
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_panels_have_places_of_their_own_and_a_title() -> None:
    places: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        x, y, width, height = (panel["gridPos"][side] for side in "xywh")
        cells = {(column, row) for column in range(x, x + width) for row in range(y, y + height)}
        assert panel["title"]
        assert x + width <= 24
        assert not cells & places
        places |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_every_alert_is_in_the_test_of_promtool() -> None:
    tests = yaml.safe_load((FOLDER / "alerts_test.yaml").read_text())["tests"]
    samples = [sample for test in tests for asked in test["promql_expr_test"] for sample in asked["exp_samples"]]
    fired = {match for sample in samples for match in re.findall(r'alertname="(\w+)"', sample["labels"])}
    assert fired == {rule["alert"] for rule in ALERTS}


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool: Debian's package prometheus has it")
def test_every_alert_fires_when_it_should_and_is_silent_in_a_healthy_hour() -> None:
    ran = subprocess.run(
        ["promtool", "test", "rules", FOLDER / "alerts_test.yaml"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_first_lost_record_is_an_increase() -> None:
    """A series that begins with its first event never increases in Prometheus, so it must be there before."""
    exposition = Metrics().text().decode()
    assert 'medpipe_records_total{where="lost"} 0.0' in exposition
    assert 'medpipe_unrecorded_total{kind="stream"} 0.0' in exposition
