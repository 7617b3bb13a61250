"""A taught model, its base, and what raters say of their answers, for tests of the verbs."""

from __future__ import annotations

from medpipe import steps
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, publish, topic


def evaluations_of(ports: fakes.FakePorts, topics: int = 20) -> tuple[str, str]:
    """The evaluations of a model that was taught some topics, and of its base."""
    publish(ports, [topic(number, DAY_1) for number in range(topics)])
    documents = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    examples = steps.build_examples(steps.build_corpus((documents,), ports=ports), "tiny-sft", ports=ports)
    adapter = steps.train("tiny-sft", steps.validate(examples, "examples", ports=ports), ports=ports)
    taught, base = (steps.evaluate(model, "tiny-sft", examples, ports=ports) for model in (adapter, "base"))
    return taught, base
