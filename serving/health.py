"""GET /healthz, /readyz and /metrics: for probes and operators."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from serving.engine import EngineClient
from serving.metrics import Metrics
from serving.problems import Problem
from serving.routing import Router


def router(follower: Router, engine: EngineClient, metrics: Metrics) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", summary="The process is up")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz", summary="Questions can be answered")
    async def readyz() -> JSONResponse:
        """200 when the engine is up, has the routed adapter, and that adapter has answered; else 503 and why."""
        reason = await _missing(follower, engine)
        route = follower.current
        found = {
            "ready": not reason,
            "reason": reason,
            "model_version": route.version if route else None,
            "adapter": route.adapter_name if route else None,
            "generation": route.generation if route else 0,
        }
        return JSONResponse(found, 503 if reason else 200)

    @routes.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
    async def exposition() -> Response:
        metrics.generation.set(follower.current.generation if follower.current else 0)
        metrics.in_flight.set(sum(follower.in_flight.values()))
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


async def _missing(follower: Router, engine: EngineClient) -> str:
    """Why questions cannot be answered now, "" when they can."""
    try:
        models = await engine.models()
    except Problem as problem:
        return problem.message
    route = follower.current
    if route is None:
        return "no version has been deployed yet"
    if route.adapter_name not in models:
        return f"the engine has not loaded {route.adapter_name}; deploy {route.version} again"
    return "" if follower.warm == route.adapter_name else f"{route.adapter_name} has not answered yet (warming up)"
