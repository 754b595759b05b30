"""Metrics in the format that Prometheus reads, in a registry of their own.

Labels are names of ours (topics, outcomes, routes) and never anything that came with a request.
"""

from collections.abc import Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECORDS: Final = (1, 5, 20, 50, 100, 250, 500, 1000)


class Metrics:
    """The metrics of one process. The engine calls once per batch, never once per event."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._events = self._counter(
            "events_total", "Events by topic and outcome: done, repeated, rejected, parked, dead.",
            "topic", "outcome",
        )  # fmt: skip
        self._published = self._counter("published_total", "Events sent, by topic.", "topic")
        self._timers = self._counter("timers_total", "Timers that came due, by name.", "timer")
        self._batch_seconds = self._histogram("batch_seconds", "Time of one batch.", _SECONDS)
        self._batch_records = self._histogram("batch_records", "Records of one batch.", _RECORDS)
        self._retries = self._counter("retries_total", "Batches tried again, by reason.", "reason")
        self._gauges = {
            "outbox_chunks": self._gauge("outbox_chunks", "Chunks of events not sent yet."),
            "outbox_age": self._gauge("outbox_age_seconds", "Age of the oldest unsent chunk."),
            "parked": self._gauge("parked_events", "Events that wait behind another of their key."),
            "blocked": self._gauge("blocked_keys", "Keys that wait for a person."),
            "lag": self._gauge("consumer_lag_records", "Records not read yet."),
            "braked": self._gauge("consumer_braked", "1 while the brake holds the consumer."),
        }
        self._http = self._counter(
            "http_requests_total", "HTTP requests.", "method", "route", "status"
        )
        self._http_seconds = self._histogram("http_seconds", "HTTP answers.", _SECONDS, "route")

    def batch(self, topic: str, outcomes: Mapping[str, int], *, seconds: float) -> None:
        """One batch of one topic: how many events ended in which outcome, and how long it took."""
        for outcome, count in outcomes.items():
            if count:
                self._events.labels(topic, outcome).inc(count)
        self._batch_seconds.observe(seconds)
        self._batch_records.observe(sum(outcomes.values()))

    def published(self, topic: str, count: int) -> None:
        """Events that the broker has taken."""
        self._published.labels(topic).inc(count)

    def retried(self, reason: str) -> None:
        """A batch is tried again; `reason` is the class of the error."""
        self._retries.labels(reason).inc()

    def timers(self, name: str, count: int) -> None:
        """Timers handled."""
        self._timers.labels(name).inc(count)

    def gauge(self, name: str, value: float) -> None:
        """Sets one of outbox_chunks, outbox_age (seconds), parked, blocked, lag, braked."""
        self._gauges[name].set(value)

    def answered(self, method: str, route: str, status: int, *, seconds: float) -> None:
        """One HTTP request; `route` is the template of the address, never the address."""
        self._http.labels(method, route, str(status)).inc()
        self._http_seconds.labels(route).observe(seconds)

    def render(self) -> bytes:
        """Everything as text for `/metrics`."""
        return generate_latest(self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"fairwait_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"fairwait_{name}", meaning, registry=self.registry)

    def _histogram(
        self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"fairwait_{name}", meaning, labels, buckets=buckets, registry=self.registry
        )
