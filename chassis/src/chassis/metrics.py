"""Metrics in the format that Prometheus reads, in a registry of their own.

Labels are names of ours (topics, outcomes, routes) and never anything that came with a request.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

Outcomes: TypeAlias = Mapping[tuple[str, str], int]
"""How many records of a topic ended in an outcome, since the process began."""

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECORDS: Final = (1, 5, 20, 50, 100, 250, 500, 1000)


class Metrics:
    """The metrics of one process."""

    def __init__(self, outcomes: Callable[[], Outcomes] = dict) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(_Outcomes(outcomes))
        self._batch_seconds = self._histogram("batch_seconds", "Time of one batch.", _SECONDS)
        self._batch_records = self._histogram("batch_records", "Records of one batch.", _RECORDS)
        self._outbox = self._gauge("outbox_chunks", "Chunks of events not sent yet.")
        self._braked = self._gauge("consumer_braked", "1 while the brake holds the consumer.")
        self._http = self._counter(
            "http_requests_total", "HTTP requests.", "method", "route", "status"
        )
        self._http_seconds = self._histogram("http_seconds", "HTTP answers.", _SECONDS, "route")
        self._own: dict[str, Counter] = {}

    def batch(self, records: int, *, seconds: float) -> None:
        """One batch handled."""
        self._batch_seconds.observe(seconds)
        self._batch_records.observe(records)

    def engine(self, *, outbox_chunks: int, braked: bool) -> None:
        """How the engine stands: chunks of events not sent yet, and whether the brake holds it."""
        self._outbox.set(outbox_chunks)
        self._braked.set(braked)

    def answered(self, method: str, route: str, status: int, *, seconds: float) -> None:
        """One HTTP request; `route` is the template of the address, never the address."""
        self._http.labels(method, route, str(status)).inc()
        self._http_seconds.labels(route).observe(seconds)

    def counter(self, name: str, meaning: str, *labels: str) -> Counter:
        """A service's own counter, `fairwait_<name>`; the same one each time it is asked for."""
        if name not in self._own:
            self._own[name] = self._counter(name, meaning, *labels)
        return self._own[name]

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


class _Outcomes(Collector):
    """Reads the engine's own count when somebody asks, so that counting costs nothing twice."""

    def __init__(self, outcomes: Callable[[], Outcomes]) -> None:
        self._outcomes = outcomes

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "fairwait_events",
            "Records by topic and what became of them.",
            labels=("topic", "outcome"),
        )
        for (topic, outcome), count in sorted(self._outcomes().items()):
            family.add_metric((topic, outcome), count)
        yield family
