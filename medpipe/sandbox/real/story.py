"""The steps of `make demo-real`: documents, examples, two trainings and a control, judging, serving, and questions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape

from medpipe.sandbox.real.held import in_the_engine
from medpipe.sandbox.real.servers import ENGINE, ROOT, engine, service
from medpipe.sandbox.real.verbs import Verbs
from medpipe.sandbox.server import Server
from medpipe.sandbox.servers import engine_python

RECIPE, CONTROL, PREFERENCES = "demo-real", "demo-real-shuffled", "demo-real-dpo"
QUESTIONS = ("What are the symptoms of asthma?", "How is iron deficiency anemia treated?", "What causes glaucoma?")
"""Asked through the OpenAI client."""
_SHORT_PAIRS = ("--max-answer-chars", "900")
"""Pairs with longer answers are left out: there are enough without them."""
_EVER = ("--start", "2000-01-01", "--end", "2100-01-01")
_NO_KEY = "none"
"""OpenAI's client wants some key, also for an engine that asks for none."""
_CLIENT = Path(__file__).with_name("openai_client.py")


class Challenger(NamedTuple):
    """An adapter, and how it is judged."""

    title: str
    adapter: str
    recipe: str
    plan: str
    examples: str
    parent: str = ""
    """The version that its training started from; "" for the base."""
    perplexity: bool = False
    """Whether the perplexity of the right answers is measured, which takes minutes."""


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

    base: Judged
    judged: tuple[Judged, ...]
    answers: Mapping[str, str]
    """Question → what was answered."""
    answered_by: str
    """Whose answers they are, and through what, in a sentence."""


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
        pairs = self._pairs(corpus)
        self._rule("Supervised fine-tuning (QLoRA), and the same on shuffled answers as a control")
        tuned = self.verbs("train", "train", "--recipe", RECIPE, "--data", examples)
        control = self.verbs("train the control", "train", "--recipe", CONTROL, "--data", shuffled)
        self._rule("Evaluation by vLLM, the program that serves")
        self._start(engine(self.verbs.environment, self._var))
        base = Judged("base", "base", self._evaluated("base", "base", RECIPE, examples, pairs))
        held = self._judged(Challenger("control", control, CONTROL, "first", shuffled), base, pairs, base)
        first = self._judged(
            Challenger("fine-tuned", tuned, RECIPE, "first", examples, perplexity=True), base, pairs, base
        )
        judged = [held, first]
        if pairs:
            self._rule("DPO from the fine-tuned model, on which of two answers experts preferred")
            learned = ("--recipe", PREFERENCES, "--data", pairs, "--start-from", tuned)
            preferred = self.verbs("train by DPO", "train", *learned)
            # Where the gates held the fine-tuned model, no champion is there, and the base is the incumbent once more.
            plan, incumbent = ("preference", first) if first.promoted else ("first", base)
            last = Challenger("preferences", preferred, PREFERENCES, plan, examples, parent=first.version)
            judged.append(self._judged(last, incumbent, pairs, base))
        self._rule("Questions through the OpenAI client")
        promoted = any(model.promoted for model in judged)
        return Told(base, tuple(judged), *(self._served() if promoted else self._unserved(judged[-1])))

    def _corpus(self, sets: Sequence[str], medlineplus_day: tuple[str, str] | None) -> str:
        pulls = [self.verbs(f"pull {name}", "pull", "--source", name, *_EVER) for name in sets]
        if medlineplus_day is not None:
            start, end = medlineplus_day
            window = ("--source", "medlineplus", "--start", start, "--end", end)
            pulls.append(self.verbs("pull medlineplus", "pull", *window))
        for pull in pulls:
            self.verbs(f"validate {pull}", "validate", "--data", pull, "--suite", "documents")
        return self.verbs("build the corpus", "build-corpus", "--pulls", *pulls)

    def _examples(self, corpus: str, recipe: str) -> str:
        examples = self.verbs(f"examples for {recipe}", "build-examples", "--corpus", corpus, "--recipe", recipe)
        self.verbs(f"validate {examples}", "validate", "--data", examples, "--suite", "examples")
        return examples

    def _pairs(self, corpus: str) -> str:
        """Return validated preference pairs; "" where no document states any."""
        pairs = self.verbs("preference pairs", "build-preferences", "--corpus", corpus, *_SHORT_PAIRS)
        if pairs == "none":
            return ""
        self.verbs(f"validate {pairs}", "validate", "--data", pairs, "--suite", "pairs")
        return pairs

    def _evaluated(self, title: str, model: str, recipe: str, examples: str, pairs: str) -> str:
        asked = ("--model", model, "--recipe", recipe, "--examples", examples)
        return self.verbs(f"evaluate: {title}", "evaluate", *asked, *(("--pairs", pairs) if pairs else ()))

    def _judged(self, given: Challenger, incumbent: Judged, pairs: str, base: Judged) -> Judged:
        """Evaluate a challenger, compare it with its incumbent, measure it, register it, and try to promote it."""
        evaluation = self._evaluated(given.title, given.adapter, given.recipe, given.examples, pairs)
        compared = ("--challenger", evaluation, "--champion", incumbent.evaluation, "--plan", given.plan)
        decision = self.verbs(f"compare: {given.title}", "compare", *compared)
        measured = (
            "--after",
            evaluation,
            "--before",
            base.evaluation,
            *(() if given.perplexity else ("--no-perplexity",)),
        )
        measurement = self.verbs(f"measure: {given.title}", "measure", *measured)
        judged = ("--adapter", given.adapter, "--evaluation", evaluation, "--decision", decision)
        parent = ("--parent", given.parent, "--pairs", pairs) if given.parent else ()
        before = ("--incumbent", incumbent.version) if incumbent.version else ()
        described = (*judged, "--examples", given.examples, *parent, *before)
        version = self.verbs(f"register: {given.title}", "register", *described)
        promoted = self.verbs(f"promote: {given.title}", "promote", "--version", version) == version
        return Judged(given.title, given.adapter, evaluation, decision, measurement, version, promoted)

    def _served(self) -> tuple[dict[str, str], str]:
        """Serve the champion, ask it, and say who answered."""
        gateway, self.address = service(self.verbs.environment, self._var)
        self._start(gateway)
        self.verbs.run("deploy", "deploy")
        by = "The service answered, with the model that the gates let through."
        return self._asked(self.address, self._key()), by

    def _unserved(self, model: Judged) -> tuple[dict[str, str], str]:
        """Ask a model that the gates held, in the engine, and say so."""
        by = f"The gates held the {model.title} model, so nothing serves: the engine answered, with no guardrails."
        self.console.print(f"  {by}", highlight=False)
        with in_the_engine(model.model, self.verbs.environment) as name:
            return self._asked(self.verbs.environment[ENGINE], _NO_KEY, name), by

    def _asked(self, address: str, key: str, *model: str) -> dict[str, str]:
        """Ask through the OpenAI client of the engine's environment."""
        environment = {**os.environ, "OPENAI_API_KEY": key}
        answers = {}
        for question in QUESTIONS:
            command = [engine_python(ROOT), str(_CLIENT), f"{address}/v1", question, *model]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            answers[question] = done.stdout.strip()
            self.console.print(f"\n  [bold]{escape(question)}[/]\n{escape(answers[question])}", highlight=False)
        return answers

    def _key(self) -> str:
        """Issue a key and return its secret, which no log has: what `verbs` prints is kept."""
        verb = ("issue-key", "--label", "demo", "--scopes", "ask", "--days", "1")
        command = [sys.executable, "-m", "medpipe.cli", *verb]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=self.verbs.environment)
        return str(json.loads(done.stdout.splitlines()[-1])["secret"])

    def _start(self, server: Server) -> None:
        self.servers.append(server)
        server.start()
        self.console.print(f"  {server.wait_ready():7.1f} s  {server.name} is ready", highlight=False)

    def _rule(self, title: str) -> None:
        self.console.rule(f"[bold]{title}", align="left")
