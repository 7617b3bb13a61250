"""Metrics for operators, in Prometheus' text format: counts and times, never texts."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """The gateway's counters. Each application has a registry of its own, so that tests can make several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("medpipe_requests", "HTTP requests", ("endpoint", "status"), registry=self.registry)
        self.seconds = Histogram(
            "medpipe_request_seconds", "time until the first byte", ("endpoint",), registry=self.registry
        )
        self.refused = Counter(
            "medpipe_refused", "answers replaced by the guardrails or the block", ("reason",), registry=self.registry
        )
        self.answers = Counter(
            "medpipe_answers", "answers by version: given, or refused", ("version", "outcome"), registry=self.registry
        )
        self.repeated = Counter(
            "medpipe_answers_repeated", "answers that the engine was not asked for again", registry=self.registry
        )
        self.tokens = Counter(
            "medpipe_tokens", "tokens that the engine counted", ("version", "kind"), registry=self.registry
        )
        self.retries = Counter("medpipe_route_retries", "requests repeated on a newer route", registry=self.registry)
        self.feedback = Counter(
            "medpipe_feedback", "ratings received", ("rating", "counted_as"), registry=self.registry
        )
        self.denied = Counter(
            "medpipe_denied",
            "requests without a key in force or its scope",
            ("reason",),
            registry=self.registry,
        )
        self.limited = Counter(
            "medpipe_limited", "requests over a limit of their key", ("limit",), registry=self.registry
        )
        self.limits_alone = Counter(
            "medpipe_limits_counted_alone", "times that Redis did not answer", registry=self.registry
        )
        self.stopped = Gauge("medpipe_serving_stopped", "1 while serving is stopped", registry=self.registry)
        self.stop = Gauge(
            "medpipe_serving_stop_info", "who stopped serving, and why", ("by", "reason"), registry=self.registry
        )
        self.records = Counter(
            "medpipe_records",
            "records of answers, by where they went: database, spool, drained from it, lost",
            ("where",),
            registry=self.registry,
        )
        self.unrecorded = Counter(
            "medpipe_unrecorded", "texts that a client got and that have no record", ("kind",), registry=self.registry
        )
        for where in ("database", "spool", "drained", "lost"):
            self.records.labels(where)  # a series that begins above zero never increased, so no alert would fire
        for kind in ("refusal", "stream"):
            self.unrecorded.labels(kind)
        self.spool_bytes = Gauge("medpipe_spool_bytes", "size of the spool on the disk", registry=self.registry)
        self.waiting = Gauge("medpipe_waiting", "requests that wait for a turn", registry=self.registry)
        self.turned_away = Gauge(
            "medpipe_turned_away", "requests told to come later since the start", registry=self.registry
        )
        self.breaker_open = Gauge("medpipe_breaker_open", "1 while the engine is left alone", registry=self.registry)
        self.generation = Gauge("medpipe_route_generation", "route generation followed", registry=self.registry)
        self.in_flight = Gauge("medpipe_in_flight", "requests at the engine", registry=self.registry)
        self.blocked_claims = Gauge("medpipe_blocked_claims", "withdrawn claims withheld", registry=self.registry)
        self.register_entry = Gauge(
            "medpipe_register_entry", "entry of the register of withdrawals enforced", registry=self.registry
        )
        self.register_age = Gauge(
            "medpipe_register_age_seconds", "time since the register of withdrawals was read", registry=self.registry
        )

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text exposition format."""
        return generate_latest(self.registry)
