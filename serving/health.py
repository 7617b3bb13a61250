"""GET /healthz, /readyz and /metrics: for probes and operators."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from serving.block_follower import BlockFollower
from serving.engine import EngineClient
from serving.metrics import Metrics
from serving.problems import Problem
from serving.route_follower import RouteFollower


def health_endpoints(
    follower: RouteFollower, blocks: BlockFollower, engine: EngineClient, metrics: Metrics
) -> APIRouter:
    """Return the endpoints /healthz, /readyz and /metrics."""
    endpoints = APIRouter(tags=["health"])

    @endpoints.get("/healthz", summary="The process is up")
    @endpoints.head("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @endpoints.get("/readyz", summary="Questions can be answered")
    @endpoints.head("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        """Answer 200 when questions can be answered; else 503 and the reason.

        The register of withdrawals must be known, and the routed adapter must be loaded and have answered.
        """
        reason = blocks.problem or await _why_not_ready(follower, engine)
        route = follower.current
        report = {
            "ready": not reason,
            "reason": reason,
            "model_version": route.version if route else None,
            "adapter": route.adapter_name if route else None,
            "generation": route.generation if route else 0,
            "contract": route.contract.model_dump(mode="json") if route else None,
            "register_entry": blocks.sequence,
            "blocked_claims": blocks.claims,
        }
        return JSONResponse(report, 503 if reason else 200)

    @endpoints.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
    async def exposition() -> Response:
        metrics.generation.set(follower.current.generation if follower.current else 0)
        metrics.in_flight.set(sum(follower.in_flight.values()))
        metrics.blocked_claims.set(blocks.claims)
        metrics.register_entry.set(blocks.sequence)
        metrics.register_age.set(blocks.seconds_since_read)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return endpoints


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
