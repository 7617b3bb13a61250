"""/v1/admin: stop serving, and lift the stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.stop import Stop
from medpipe.errors import UsageError
from medpipe.ports import KillSwitch
from serving.identity import Callers, caller_of
from serving.limits import Limits, Text
from serving.problems import Problem, TryLater
from serving.stopping import StopFollower


class StopRequest(BaseModel):
    """A decision of a person about serving."""

    model_config = ConfigDict(extra="forbid")
    reason: Text = Field(
        min_length=1, max_length=1000, pattern=r"\S", description="why; everybody who asks is shown it"
    )
    by: Text = Field(min_length=1, max_length=150, pattern=r"\S", description="who decided it; shown too")


def admin_endpoints(switch: KillSwitch, stops: StopFollower, callers: Callers, limits: Limits) -> APIRouter:
    """Return the endpoints of /v1/admin, for keys with the scope `admin`."""
    endpoints = APIRouter(tags=["admin"], dependencies=[Depends(callers.needing("admin"))])

    @endpoints.post("/v1/admin/stop", summary="Stop every gateway")
    async def stop(body: StopRequest, request: Request) -> Stop:
        """Stop serving: within a second no gateway gives a model's answer. It lasts until it is lifted."""
        return await _set(True, body, request)

    @endpoints.post("/v1/admin/resume", summary="Lift the stop")
    async def resume(body: StopRequest, request: Request) -> Stop:
        """Let the gateways answer again. 409 when serving is not stopped."""
        return await _set(False, body, request)

    async def _set(stopped: bool, body: StopRequest, request: Request) -> Stop:
        key = caller_of(request).key
        by = f"{_line(body.by)} ({key.id if key else 'no key'})"
        try:
            change = await asyncio.to_thread(switch.set, stopped, _line(body.reason), by)
        except UsageError as error:
            raise Problem(409, "not_stopped", str(error)) from error
        except Exception as error:
            message = "the decision could not be stored, so nothing has changed; try again"
            raise TryLater("store_unavailable", message, limits.retry_after_seconds) from error
        with suppress(Exception):  # it is stored: this gateway, as the others, reads it within a second
            await stops.refresh()
        return change

    return endpoints


def _line(text: str) -> str:
    return " ".join(text.split())
