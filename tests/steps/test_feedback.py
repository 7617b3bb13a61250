"""From feedback to pairs: what people wrote of themselves is not learned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from medpipe import records, steps
from medpipe.core.manifests import PairsManifest
from medpipe.core.teaching.example import PreferencePair
from medpipe.steps.artifact import manifest


def test_what_identifies_people_is_taken_out_of_pairs_and_counted(ports):
    for number in range(6):
        answer = f"answer-{number}"
        ports.answers.record(
            answer,
            "user-a",
            f"my name is Ruth Calder. What helps against {number} colds?",
            "Rest.",
            "version/a",
            "a",
            refused=False,
        )
        ports.answers.rate(answer, "user-a", "down", "Rest, and write to ruth@example.org for a leaflet.")
    now = datetime.now(UTC)
    feedback = steps.collect_feedback(now - timedelta(hours=1), now + timedelta(hours=1), ports=ports)
    steps.validate(feedback, "feedback", ports=ports)
    pairs = steps.build_pairs(feedback, ports=ports)
    assert pairs is not None
    kept = [
        pair
        for name in ("train", "heldout")
        for pair in records.read(ports.store.folder(pairs) / f"{name}.jsonl", PreferencePair)
    ]
    assert len(kept) == 6
    assert all("[NAME]" in pair.question and "[EMAIL]" in pair.chosen for pair in kept)
    assert not any(word in pair.model_dump_json() for pair in kept for word in ("Calder", "ruth@"))
    assert manifest(ports, pairs, PairsManifest).outcome.identifiers == {"NAME": 6, "EMAIL": 6}
