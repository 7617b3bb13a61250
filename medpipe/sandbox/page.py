"""The story as one HTML page: what each challenger scored, what was decided, and where the time went."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from medpipe.sandbox.narrator import TaskSpan

STYLE = """
body{font:15px/1.55 system-ui,sans-serif;max-width:1040px;margin:0 auto;padding:32px 24px;color:#17202a;
background:#f6f7f9}
h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:34px 0 10px}p.soft,.soft{color:#5f6b7a}
section{background:#fff;border:1px solid #e2e6ea;border-radius:12px;padding:16px 20px;overflow-x:auto}
table{border-collapse:collapse;width:100%}th{text-align:left;font-size:13px;color:#5f6b7a}
td,th{padding:6px 14px 6px 0;vertical-align:top}
td{border-top:1px solid #e2e6ea}.figures{display:flex;gap:28px;flex-wrap:wrap}.figures b{display:block;font-size:24px}
.pass{color:#1a7f4b}.held{color:#a86a00}svg{max-width:100%;height:auto}
"""
COLOURS = {"corpus": "#4c78a8", "watch": "#9aa7b4", "retrain": "#e08e45", "rollout": "#54a24b", "feedback": "#b279a2"}


def render(told: Mapping[str, Any], spans: Sequence[TaskSpan]) -> str:
    """The whole page; plots are inline SVG."""
    swap, hotfix = told["swap"], told["hotfix"]
    figures = [
        (f"{swap['failed_requests']} of {swap['total_requests']}", "requests failed during the swap"),
        (f"{swap['seconds']:.1f} s", "to load, ask, switch and drain"),
        (f"{hotfix['claim_before']:.0%} → {hotfix['claim_after']:.0%}", "answers that assert the retracted claim"),
        (str(told["feedback"]["pairs"]), "preference pairs from feedback"),
        (f"{told['seconds']['total']:.0f} s", "in all"),
        (f"{told['memory_gib']:.1f} GiB", "memory of all servers"),
    ]
    body = "".join(f"<div><b>{escape(value)}</b>{escape(name)}</div>" for value, name in figures)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>medpipe: twice round the ring</title>"
        f"<style>{STYLE}</style><h1>Twice round the ring</h1>"
        "<p class=soft>Two days of an invented NLM. Every figure was measured on held-out phrasings, "
        "with the artifact that serves.</p>"
        f"<section class=figures>{body}</section>"
        f"<h2>What each challenger scored</h2><section>{_scores(told['challengers'])}</section>"
        f"<h2>Decisions</h2><section>{_decisions(told['challengers'])}</section>"
        f"<h2>One question</h2><section>{_sample(told['sample'])}</section>"
        f"<h2>Where the time went</h2><section>{_timeline(spans)}{_waits(told['seconds'], spans)}</section>"
        f"<h2>Versions</h2><section>{_versions(told['versions'])}</section></html>"
    )


def _decisions(challengers: Sequence[Mapping[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{escape(_short(each['challenger']))}<br><span class=soft>{escape(each['recipe'])}</span></td>"
        f"<td class={'pass' if each['promoted'] else 'held'}>{'promoted' if each['promoted'] else 'held'}</td>"
        f"<td>{'<br>'.join(map(escape, each['reasons']))}</td></tr>"
        for each in challengers
    )
    return f"<table><tr><th>challenger</th><th></th><th>reasons</th></tr>{rows}</table>"


def _sample(sample: Mapping[str, str]) -> str:
    return (
        f"<p><b>{escape(sample['question'])}</b></p><p>base: {escape(sample['base'])}</p>"
        f"<p>champion: {escape(sample['champion'])}</p>"
    )


def _versions(found: Mapping[str, str]) -> str:
    return ", ".join(f"{escape(name)} {escape(value.removeprefix(name).strip())}" for name, value in found.items())


def _waits(seconds: Mapping[str, float], spans: Sequence[TaskSpan]) -> str:
    """A row per step: wall time, work in tasks, and waiting between them."""
    rows = []
    for step, wall in seconds.items():
        mine = [span for span in spans if span.step == step]
        busy = _covered([(span.started, span.ended) for span in mine])
        queued = sum(span.started - span.queued for span in mine)
        rows.append(
            f"<tr><td>{escape(step)}</td><td>{wall:.1f} s</td><td>{busy:.1f} s</td>"
            f"<td>{max(0.0, wall - busy):.1f} s</td><td>{queued:.1f} s</td><td>{len(mine)}</td></tr>"
        )
    return (
        "<table><tr><th>step</th><th>wall time</th><th>a task was running</th><th>no task was running</th>"
        f"<th>tasks' time in the queue</th><th>tasks</th></tr>{''.join(rows)}</table>"
    )


def _covered(intervals: Sequence[tuple[float, float]]) -> float:
    """Seconds covered by at least one interval."""
    total, end = 0.0, 0.0
    for start, stop in sorted(intervals):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total


def _scores(challengers: Sequence[Mapping[str, Any]]) -> str:
    """Incumbent and challenger side by side for each benchmark, with 95 % intervals."""
    pyplot = _pyplot()
    names = list(dict.fromkeys(name for each in challengers for name in each["metrics"]))
    figure, axes = pyplot.subplots(
        1, len(names), figsize=(2.9 * len(names), 0.52 * len(challengers) + 1.4), sharey=True, squeeze=False
    )
    for axis, name in zip(axes[0], names, strict=True):
        for row, each in enumerate(challengers):
            for shift, metrics, colour in (
                (-0.17, each["incumbent_metrics"], "#a9b8c4"),
                (0.17, each["metrics"], "#0b6e99"),
            ):
                if name in metrics:
                    found = metrics[name]
                    spread = [[max(0.0, found["value"] - found["low"])], [max(0.0, found["high"] - found["value"])]]
                    axis.barh(row + shift, found["value"], 0.32, color=colour)
                    axis.errorbar(found["value"], row + shift, xerr=spread, color="#17202a", capsize=2, linewidth=1)
        axis.set(title=name, xlim=(0, 1.02))
        axis.spines[["top", "right"]].set_visible(False)
    labels = [f"{_short(each['challenger'])}\n{each['recipe']}" for each in challengers]
    axes[0][0].set_yticks(range(len(challengers)), labels, fontsize=8)
    axes[0][0].invert_yaxis()
    return _svg(pyplot, figure) + "<p class=soft>Grey: the incumbent. Blue: the challenger. Lines: 95 % intervals.</p>"


def _timeline(spans: Sequence[TaskSpan]) -> str:
    """Every task of every run as a bar over time, one line a DAG."""
    pyplot = _pyplot()
    begin = min(span.started for span in spans)
    figure, axis = pyplot.subplots(figsize=(10, 2.6))
    for span in spans:
        row = list(COLOURS).index(span.dag)
        axis.barh(
            row,
            span.ended - span.started,
            0.6,
            left=span.started - begin,
            color=COLOURS[span.dag],
            edgecolor="white",
            linewidth=0.4,
        )
        if span.ended - span.started > 12:
            axis.text(
                (span.started + span.ended) / 2 - begin,
                row,
                span.task.replace("evaluate_", "eval "),
                ha="center",
                va="center",
                fontsize=7,
            )
    axis.set_yticks(range(len(COLOURS)), list(COLOURS))
    axis.invert_yaxis()
    axis.set_xlabel("seconds since the first task")
    axis.spines[["top", "right"]].set_visible(False)
    return _svg(pyplot, figure)


def _short(version: str) -> str:
    return version.removeprefix("version/")


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    return pyplot


def _svg(pyplot: Any, figure: Any) -> str:
    figure.tight_layout()
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", transparent=True)
    pyplot.close(figure)
    return drawn.getvalue()[drawn.getvalue().index("<svg") :]
