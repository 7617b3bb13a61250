"""Build the gateway's application from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from medpipe import __version__
from medpipe.errors import UsageError
from medpipe.gateway_state import gateway_state
from medpipe.settings import Settings
from serving import problems
from serving.admin import admin_endpoints
from serving.answer_cache import CachingEngine
from serving.answer_ids import Signer
from serving.answer_service import AnswerService
from serving.ask import ask_endpoints
from serving.block_follower import BlockFollower
from serving.bodies import Bodies
from serving.chat import chat_endpoints
from serving.citing import Citing
from serving.counting import Counting
from serving.engine import EngineClient
from serving.feedback import feedback_endpoints
from serving.health import health_endpoints
from serving.identity import Callers
from serving.index_follower import IndexFollower
from serving.known_keys import KnownKeys
from serving.limits import LIMITS, Limits
from serving.metrics import Metrics
from serving.page import page_endpoints
from serving.quota_headers import QuotaHeaders
from serving.quotas import Quota, Quotas
from serving.recorder import Recorder
from serving.route_follower import RouteFollower
from serving.routed_engine import RoutedEngine
from serving.screening import Screening
from serving.scrubbed_log import ScrubbedLog
from serving.spool import Spool
from serving.stopping import StopFollower, StoppableEngine
from serving.turns import Turns

_ABOUT = (
    "Answers medical questions with the version of the model that passed its gates. Not medical advice. "
    "Every answer says which version wrote it and has an id to rate it with."
)


def create_app(settings: Settings, limits: Limits = LIMITS) -> FastAPI:
    """Return the gateway's application.

    Opens and migrates the database; sends nothing to the engine. Raises UsageError when MEDPIPE_ENGINE_URL is not set.
    """
    if not settings.engine_url:
        raise UsageError("the gateway needs an inference engine: set MEDPIPE_ENGINE_URL to vLLM's address")
    state = gateway_state(settings)
    key = settings.engine_key.get_secret_value() if settings.engine_key else None
    engine = EngineClient(settings.engine_url, key, limits)
    follower = RouteFollower(state.routes, engine, limits)
    blocks = BlockFollower(state.withdrawals, follower.gateway, limits)
    signer, metrics = Signer(state.signing_keys), Metrics()
    stops = StopFollower(state.kill_switch, limits)
    routed = RoutedEngine(follower, engine, metrics, limits)
    usual = Quota(settings.requests_per_minute, settings.tokens_per_minute)
    quotas = Quotas(settings.limits_url.get_secret_value() if settings.limits_url else "", metrics)
    callers = Callers(KnownKeys(state.keys, limits), signer, metrics, quotas, usual, settings.anonymous)
    log = ScrubbedLog(state.answers, state.redactor)
    spool = Spool(settings.home / "spool", limits.spool_bytes)
    recorder = Recorder(log, spool, metrics, limits)
    screening = Screening(state.guardrails, blocks, limits)
    turns, stoppable = Turns(limits), StoppableEngine(routed, stops)
    service = AnswerService(follower, stoppable, recorder, screening, turns, signer, metrics, limits)
    index = IndexFollower(state.published_indexes, state.open_index, limits)
    cache, citing = CachingEngine(routed, follower, index, blocks, stops, metrics), Citing(index, blocks)
    repeating = StoppableEngine(cache, stops)
    asking = AnswerService(follower, repeating, recorder, screening, turns, signer, metrics, limits)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(log.warm_up)
        await recorder.start()
        await stops.start()
        await blocks.start()
        await follower.start()
        await index.start()
        yield
        await index.stop()
        await blocks.stop()
        await stops.stop()
        await follower.stop()
        await recorder.stop()
        screening.close()
        citing.close()
        await engine.close()

    app = FastAPI(
        title="medpipe",
        description=_ABOUT,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages of endpoints load scripts from other hosts
        redoc_url=None,
    )
    app.add_middleware(Bodies, limits=limits)
    app.add_middleware(QuotaHeaders)
    app.add_middleware(Counting, metrics=metrics, limits=limits)  # added last, so outermost
    problems.install(app)
    app.include_router(ask_endpoints(asking, callers, stops, citing, cache))
    app.include_router(chat_endpoints(service, follower, callers, stops, limits, settings.model_name))
    app.include_router(feedback_endpoints(log, callers, signer, metrics, limits))
    app.include_router(admin_endpoints(state.kill_switch, stops, callers, limits))
    app.include_router(health_endpoints(follower, blocks, stops, engine, turns, recorder, spool, metrics, index))
    app.include_router(page_endpoints(limits, settings.anonymous))
    return app
