"""GET /healthz, /readyz and /metrics: for probes and operators."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from serving.block_follower import BlockFollower
from serving.engine import EngineClient
from serving.index_follower import IndexFollower
from serving.metrics import Metrics
from serving.problems import Problem
from serving.recorder import Recorder
from serving.route_follower import RouteFollower
from serving.spool import Spool
from serving.stopping import StopFollower
from serving.turns import Turns


def health_endpoints(
    follower: RouteFollower,
    blocks: BlockFollower,
    stops: StopFollower,
    engine: EngineClient,
    turns: Turns,
    recorder: Recorder,
    spool: Spool,
    metrics: Metrics,
    index: IndexFollower,
) -> APIRouter:
    """Return the endpoints /healthz, /readyz and /metrics."""
    endpoints = APIRouter(tags=["health"])

    @endpoints.get("/healthz", summary="The process is up")
    @endpoints.head("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, Any]:
        return {"status": "ok", "stopped": _stopped(stops)}

    @endpoints.get("/readyz", summary="Questions can be answered")
    @endpoints.head("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        """Answer 200 when questions can be answered; else 503 and the reason.

        The register of withdrawals must be known, the routed adapter must be loaded and have answered, and the
        database or the spool must take records. `warning` says what is wrong although questions are answered. While
        serving is stopped, `ready` is false and the status stays 200: a balancer that sent nothing here any more would
        keep the pointers to help from those who need them.
        """
        if stops.thrown:
            reason = blocks.problem or recorder.problem or stops.thrown.sentence()
        else:
            unknown = stops.problem.message if stops.problem else ""
            reason = blocks.problem or recorder.problem or unknown or await _why_not_ready(follower, engine)
        route = follower.current
        report = {
            "ready": not reason,
            "reason": reason,
            "stopped": _stopped(stops),
            "warning": recorder.warning or index.problem,
            "model_version": route.version if route else None,
            "adapter": route.adapter_name if route else None,
            "generation": route.generation if route else 0,
            "contract": route.contract.model_dump(mode="json") if route else None,
            "register_entry": blocks.sequence,
            "blocked_claims": blocks.claims,
            "index": index.ref,
        }
        reachable = not blocks.problem if stops.thrown else not reason
        return JSONResponse(report, 200 if reachable else 503)

    @endpoints.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
    async def exposition() -> Response:
        metrics.generation.set(follower.current.generation if follower.current else 0)
        metrics.in_flight.set(sum(follower.in_flight.values()))
        metrics.waiting.set(turns.waiting)
        metrics.turned_away.set(turns.turned_away)
        metrics.breaker_open.set(engine.breaker.is_open)
        metrics.spool_bytes.set(spool.size)
        metrics.blocked_claims.set(blocks.claims)
        metrics.register_entry.set(blocks.sequence)
        metrics.register_age.set(blocks.seconds_since_read)
        metrics.stopped.set(1 if stops.thrown else 0)
        metrics.stop.clear()
        if stops.thrown:
            metrics.stop.labels(stops.thrown.by, stops.thrown.reason).set(1)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return endpoints


def _stopped(stops: StopFollower) -> dict[str, Any] | None:
    """Return who stopped serving, since when and why; None while it is not stopped."""
    return stops.thrown.model_dump(mode="json", include={"by", "at", "reason"}) if stops.thrown else None


async def _why_not_ready(follower: RouteFollower, engine: EngineClient) -> str:
    """Return why questions cannot be answered now; empty when they can."""
    try:
        loaded = await engine.models()
    except Problem as problem:
        return problem.message
    route = follower.current
    if route is None:
        return "no version has been deployed yet"
    if route.adapter_name not in loaded:
        return f"the engine has not loaded {route.adapter_name}; deploy {route.version} again"
    if follower.warm_adapter != route.adapter_name:
        return f"{route.adapter_name} has not answered yet (warming up)"
    return ""
