"""The steps of `make demo-real`: documents, examples, two trainings and a control, judging, serving, and questions."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape

from medpipe.sandbox.real.servers import ROOT, engine, service
from medpipe.sandbox.real.verbs import Verbs
from medpipe.sandbox.server import Server
from medpipe.sandbox.servers import engine_python

RECIPE, CONTROL, PREFERENCES = "demo-real", "demo-real-shuffled", "demo-real-dpo"
QUESTIONS = ("What are the symptoms of asthma?", "How is iron deficiency anemia treated?", "What causes glaucoma?")
"""Asked of the served model through the OpenAI client."""
LONGEST_PREFERRED = "1200"
"""Characters of the longest answer of a preference pair."""
_EVER = ("--start", "2000-01-01", "--end", "2100-01-01")
_CLIENT = Path(__file__).with_name("openai_client.py")


class Judged(NamedTuple):
    """A model, its evaluation, and what compared it with the model before it."""

    title: str
    model: str
    evaluation: str
    decision: str = ""
    measurement: str = ""
    version: str = ""
    promoted: bool = False


class Told(NamedTuple):
    """What the report is written from."""

    examples: str
    pairs: str
    adapters: Mapping[str, str]
    """Title of a training → its adapter."""
    base: Judged
    judged: tuple[Judged, ...]
    answers: Mapping[str, str]
    """Question → what the service answered; empty when nothing serves."""


class Story:
    """Runs the steps; servers that it starts are in `servers`, for the caller to stop."""

    def __init__(self, verbs: Verbs, console: Console, var: Path) -> None:
        self.verbs, self.console, self._var = verbs, console, var
        self.servers: list[Server] = []
        self.address = ""
        """The service's, once it was started."""

    def tell(self, sets: Sequence[str], medlineplus_day: tuple[str, str] | None) -> Told:
        """Run all steps. Raises VerbFailed, and ServerError when the engine or the service does not start.

        `sets`: the curated sets to pull. `medlineplus_day`: the day of its topic file, and the next one.
        """
        self._rule("Documents")
        corpus = self._corpus(sets, medlineplus_day)
        self._rule("Examples and preference pairs")
        examples, shuffled = self._examples(corpus, RECIPE), self._examples(corpus, CONTROL)
        pairs = self.verbs("preference pairs", "build-preferences", "--corpus", corpus, "--max-answer-chars", LONGEST_PREFERRED)
        self._rule("Supervised fine-tuning (QLoRA), and the same on shuffled answers as a control")
        tuned = self.verbs("train", "train", "--recipe", RECIPE, "--data", examples)
        control = self.verbs("train the control", "train", "--recipe", CONTROL, "--data", shuffled)
        self._rule("Evaluation by vLLM, the program that serves")
        self._start(engine(self.verbs.environment, self._var))
        base = Judged("base", "base", self._evaluated("base", "base", RECIPE, examples, pairs))
        held = self._judged("control", control, CONTROL, "first", base, shuffled, pairs)
        first = self._judged("fine-tuned", tuned, RECIPE, "first", base, examples, pairs)
        judged, adapters = [held, first], {"fine-tuned": tuned, "control": control}
        if pairs and first.promoted:
            self._rule("DPO from the fine-tuned model, on which of two answers experts preferred")
            preferred = self.verbs(
                "train by DPO", "train", "--recipe", PREFERENCES, "--data", pairs, "--start-from", tuned
            )
            adapters["preferences"] = preferred
            judged.append(self._judged("preferences", preferred, PREFERENCES, "preference", first, examples, pairs, base))
        self._rule("Served: questions through the OpenAI client")
        answers = self._answers() if first.promoted else {}
        return Told(examples, pairs, adapters, base, tuple(judged), answers)

    def _corpus(self, sets: Sequence[str], medlineplus_day: tuple[str, str] | None) -> str:
        pulls = [self.verbs(f"pull {name}", "pull", "--source", name, *_EVER) for name in sets]
        if medlineplus_day is not None:
            start, end = medlineplus_day
            pulls.append(self.verbs("pull medlineplus", "pull", "--source", "medlineplus", "--start", start, "--end", end))
        for pull in pulls:
            self.verbs(f"validate {pull}", "validate", "--data", pull, "--suite", "documents")
        return self.verbs("build the corpus", "build-corpus", "--pulls", *pulls)

    def _examples(self, corpus: str, recipe: str) -> str:
        examples = self.verbs(f"examples for {recipe}", "build-examples", "--corpus", corpus, "--recipe", recipe)
        self.verbs(f"validate {examples}", "validate", "--data", examples, "--suite", "examples")
        return examples

    def _evaluated(self, title: str, model: str, recipe: str, examples: str, pairs: str) -> str:
        asked = ("--model", model, "--recipe", recipe, "--examples", examples)
        return self.verbs(f"evaluate: {title}", "evaluate", *asked, *(("--pairs", pairs) if pairs else ()))

    def _judged(
        self,
        title: str,
        adapter: str,
        recipe: str,
        plan: str,
        incumbent: Judged,
        examples: str,
        pairs: str,
        base: Judged | None = None,
    ) -> Judged:
        """Evaluate an adapter, compare it with its incumbent, register it, and promote it unless it is a control."""
        evaluation = self._evaluated(title, adapter, recipe, examples, pairs)
        compared = ("--challenger", evaluation, "--champion", incumbent.evaluation, "--plan", plan)
        decision = self.verbs(f"compare: {title}", "compare", *compared)
        measured = ("--after", evaluation, "--before", (base or incumbent).evaluation)
        measurement = self.verbs(f"measure: {title}", "measure", *measured)
        lineage = (
            ("--parent", incumbent.version, "--incumbent", incumbent.version, "--pairs", pairs) if incumbent.version else ()
        )
        judged = ("--adapter", adapter, "--evaluation", evaluation, "--decision", decision, "--examples", examples)
        version = self.verbs(f"register: {title}", "register", *judged, *lineage)
        promoted = self.verbs(f"promote: {title}", "promote", "--version", version) == version
        return Judged(title, adapter, evaluation, decision, measurement, version, promoted)

    def _answers(self) -> dict[str, str]:
        """Serve the champion, and ask it through the OpenAI client of the engine's environment."""
        gateway, self.address = service(self.verbs.environment, self._var)
        self._start(gateway)
        self.verbs("deploy", "deploy")
        answers = {}
        for question in QUESTIONS:
            command = [engine_python(ROOT), str(_CLIENT), f"{self.address}/v1", question]
            answers[question] = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            self.console.print(f"\n  [bold]{escape(question)}[/]\n{escape(answers[question])}", highlight=False)
        return answers

    def _start(self, server: Server) -> None:
        self.servers.append(server)
        server.start()
        self.console.print(f"  {server.wait_ready():7.1f} s  {server.name} is ready", highlight=False)

    def _rule(self, title: str) -> None:
        self.console.rule(f"[bold]{title}", align="left")
