"""A hub's ``/metrics`` as numbers, read the way Prometheus reads it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from conduit_widget.contract import METRICS_PATH
from tests.support.waiting import PATIENCE

Labels = frozenset[tuple[str, str]]
CUMULATIVE = ("_total", "_bucket", "_count", "_sum")


@dataclass(frozen=True)
class MetricsPage:
    """One reading: every sample by name and labels, and the type of every family."""

    text: str
    samples: dict[tuple[str, Labels], float]
    types: dict[str, str]

    def value(self, name: str, **labels: str) -> float:
        """The sample with exactly these labels; 0 where there is none."""
        return self.samples.get((name, frozenset(labels.items())), 0.0)

    def by(self, name: str, label: str, **wanted: str) -> dict[str, float]:
        """What is above 0, by one label, of the samples that have the ``wanted`` ones."""
        found: defaultdict[str, float] = defaultdict(float)
        for (each, labels), value in self.samples.items():
            if each == name and labels >= set(wanted.items()) and value:
                found[dict(labels)[label]] += value
        return dict(found)

    def labels_of(self, name: str) -> set[frozenset[str]]:
        """The sets of label names a sample occurs with."""
        return {frozenset(key for key, _ in labels) for each, labels in self.samples if each == name}

    def label_values(self) -> set[str]:
        """Every value of every label."""
        return {value for _, labels in self.samples for _, value in labels}

    def gone_down_since(self, before: MetricsPage) -> list[tuple[str, Labels]]:
        """What counts up only and yet is less than before, or away."""
        return [
            key
            for key, value in before.samples.items()
            if key[0].endswith(CUMULATIVE) and self.samples.get(key, -1.0) < value
        ]


def parse_page(text: str) -> MetricsPage:
    """Parse Prometheus' text format; fails on what is not that, and on a sample that is there twice."""
    samples: dict[tuple[str, Labels], float] = {}
    types: dict[str, str] = {}
    for family in text_string_to_metric_families(text):
        types[family.name] = family.type
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in samples, f"{key} is there twice"
            samples[key] = float(sample.value)
    return MetricsPage(text, samples, types)


async def read_metrics(url: str, key: str | None = None) -> MetricsPage:
    """Read the page of a hub on this machine; ``key``: an operator's, where it wants one."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        answer = await http.get(url + METRICS_PATH, headers=headers)
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return parse_page(answer.text)
