"""The story that the demo tells: three days of an invented NLM, a control, a retraction, feedback and a rollback.

Airflow is driven through its REST API only, and questions go to the service over HTTP.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.markup import escape

from medpipe.sandbox.asking import USERS, Probe, SlotQuestion, by_user, claim_questions, topic_questions
from medpipe.sandbox.following import Follower, Unexpected, expect
from medpipe.sandbox.narrator import ALL_DAGS
from medpipe.sandbox.waiting import wait_until

CARE = "Ask your care team before you act on this."
"""The sentence that the demo's users miss in the answers: their corrections add it."""
FEEDBACK_QUESTIONS = 240
"""Half of the corrections are on two sides (the question taught, the identity judging) and are left out."""
BLOCKED_WITHIN = 15 * 60
"""Seconds from the end of the DAG corpus until a withdrawn claim must be withheld."""


class Story(Follower):
    """The steps of the demo. Each adds its observations to `observed`, from which the report is written."""

    def tell(self) -> None:
        """Run all steps in order; raises Unexpected or RunFailed at the first that goes wrong."""
        self.narrator.airflow.wait_for_dags(set(ALL_DAGS))
        with self.narrator.step("day 1", "Day 1 · the first model"):
            self.day_one()
        with self.narrator.step("control", "Control · the same training on shuffled answers must not pass"):
            self.control()
        with self.narrator.step("day 2", "Day 2 · an article is retracted, and nobody has to do anything"):
            self.withdrawal()
        with self.narrator.step("day 3 without replay", "Day 3 · a challenger that forgets"):
            self.day_three_without_replay()
        with self.narrator.step("day 3", "Day 3 · with replay, while a probe keeps asking"):
            self.day_three()
        with self.narrator.step("feedback", "Feedback · corrections become preference pairs and DPO"):
            self.feedback()
        with self.narrator.step("rollback", "Rollback · the champion is taken back, and stays away"):
            self.rollback()
        with self.narrator.step("verify", "Verify · nothing that is stored was changed"):
            self.verify()

    def day_one(self) -> None:
        """Day 1 of NLM: the first challenger must be promoted and answer what the base could not."""
        self.publish(1)
        self.narrator.next_run("withdrawals")  # follows each new corpus; nothing is withdrawn yet
        self.watched(expected="retrain")
        judged = self.retrained()
        expect(judged["promoted"], "the first challenger was not promoted", judged)
        self.certified()  # follows each promotion; nothing is withdrawn yet
        self.observed["days"].append({"day": 1, **judged})
        self.observed["sample"] = self.first_gain(judged)
        sample = topic_questions(self.world, 1)[::7]
        correct = self.service.share_asserting(sample)
        self.console.print(f"  the service answers {correct:.0%} of {len(sample)} held-out questions correctly")

    def control(self) -> None:
        """Train on answers that were permuted among the questions: the gates must hold that challenger."""
        self.narrator.start(
            "retrain", reason="control: shuffled answers", recipe="tiny-sft-shuffled", start_from="base"
        )
        judged = self.rolled_out()
        expect(not judged["promoted"], "the control was promoted", judged)
        self.observed["control"] = judged

    def withdrawal(self) -> None:
        """Day 2 of NLM: the claim of a retracted article must be blocked, unlearned and certified by itself."""
        claims = claim_questions(self.world)
        before = self.service.share_asserting(claims)
        self.publish(2)
        seconds = self.seconds_until_withheld(claims)
        self.console.print(f"  {before:.0%} of answers asserted the claim; it was withheld after {seconds:.1f} s")
        self.watched(expected="retrain", asks=False)
        given = self.answers_given()
        judged = self.retrained()
        expect(judged["promoted"], "the hotfix was not promoted", judged)
        stated = self.certificate()
        refused = sum(self.service.ask(question).refused for question, _ in claims)
        self.observed["withdrawal"] = {
            **judged,
            **stated,
            "asked": len(claims),
            "claim_before": before,
            "claim_after": self.service.share_asserting(claims),
            "withheld_after": refused,
            "seconds_until_withheld": seconds,
            "answers_given": given,
        }
        expect(before > self.observed["withdrawal"]["claim_after"] == 0, "the claim is still asserted", judged)
        expect(refused == len(claims), "the block did not stay on", judged)
        self.console.print(
            f"  {given} answers had asserted the claim. The new champion itself asserts it in {stated['assertions']} "
            f"of {stated['probes']} answers; the block stays on"
        )

    def seconds_until_withheld(self, claims: list[SlotQuestion]) -> float:
        """Ask for the withdrawn claim until it is withheld; return the seconds since the DAG corpus ended."""
        ended = time.monotonic()
        wait_until(lambda: self.service.ask(claims[0].question).refused, BLOCKED_WITHIN, pause=0.3)
        return round(time.monotonic() - ended, 1)

    def answers_given(self) -> int:
        """Follow the withdrawals DAG; return how many answers had asserted what it opened."""
        run = self.narrator.next_run("withdrawals")
        counts: dict[str, int] = self.narrator.value("withdrawals", run, "count_answers")
        return sum(counts.values())

    def certificate(self) -> dict[str, Any]:
        """Return what the certificate about the new champion states; raises Unexpected when there is none."""
        certified = self.certified()
        if not certified:
            raise Unexpected("the withdrawal was not certified: read the log of the DAG certificates' `certificates`")
        return self.outcomes.certificate(next(iter(certified.values())))

    def day_three_without_replay(self) -> None:
        """Day 3 of NLM, trained without replay: the gates must hold a challenger that forgets what was taught."""
        self.narrator.airflow.set_variable("medpipe_recipe_sft", "tiny-sft-no-replay")
        self.publish(3)
        self.watched(expected="retrain")
        judged = self.retrained()
        expect(not judged["promoted"], "the challenger without replay was promoted", judged)

    def day_three(self) -> None:
        """Day 3 again, with replay: promoted and swapped in while a probe asks without a break."""
        self.narrator.airflow.set_variable("medpipe_recipe_sft", "tiny-sft")
        self.narrator.start("watch")
        judged, probe = self.rolled_out_under_traffic()
        expect(judged["promoted"], "the challenger with replay was not promoted", judged)
        self.certified()
        self.observed["days"].append({"day": 3, **judged})
        self.observed["swap"] = self.swap_figures(judged, probe)
        expect(not probe.failed, f"requests failed during the swap: {dict(probe.failed)}", judged)
        self.console.print(f"  [bold]{probe.total} requests during the swap, {sum(probe.failed.values())} failed[/]")

    def feedback(self) -> None:
        """Users correct answers; the corrections become preference pairs, and DPO trains on them."""
        self.give_feedback()
        end = datetime.now(UTC) + timedelta(seconds=1)
        self.narrator.start("feedback", end=end.isoformat())
        self.watched(expected="retrain")
        judged = self.retrained()
        if judged["promoted"]:
            self.certified()
        self.observed["feedback"] = {**judged, **self.outcomes.pairs()}

    def rollback(self) -> None:
        """Roll back while a probe asks; the DAG watch, run again, must not bring the version back."""
        questions = topic_questions(self.world, 1)
        away = self.medpipe("champion")
        with Probe(self.stack.addresses.service, questions) as probe:
            champion = self.medpipe("roll-back", "--reason", "readers prefer the earlier answers", "--by", "Dr. A")
        self.console.print(f"  {away} is barred; {champion} serves again", highlight=False)
        asked = self.narrator.value("watch", self.narrator.start("watch"), "request_of")
        if asked:  # what the version learned counts as unlearned again; the same training gives the same version
            self.retrained()
        serving = self.service.ask(questions[0].question).version
        self.observed["rollback"] = {
            "away": away,
            "champion": champion,
            "serving": serving,
            "asked_again": bool(asked),
            "failed_requests": sum(probe.failed.values()),
            "total_requests": probe.total,
        }
        if away == champion or champion != serving or probe.failed:
            raise Unexpected(f"the rollback did not stick: {self.observed['rollback']}")

    def verify(self) -> None:
        """Check every chain, artifact and version that the demo left; raises Unexpected if anything was changed."""
        self.observed["verified"] = json.loads(self.medpipe("verify"))
        counts = ", ".join(f"{count} {name}" for name, count in self.observed["verified"].items() if count)
        self.console.print(f"  nothing was changed: {counts}", highlight=False)

    def give_feedback(self) -> None:
        """Ask questions as several users with keys, and correct each answer by a sentence that it lacks."""
        secrets = self.outcomes.issue_keys({user for user, _ in by_user(topic_questions(self.world, 3), USERS)})
        all_questions = topic_questions(self.world, 3)
        spread = all_questions[:: max(1, len(all_questions) // FEEDBACK_QUESTIONS)]
        for user, (question, _) in by_user(spread, FEEDBACK_QUESTIONS):
            answer = self.service.ask(question, secrets[user])
            if not answer.refused:
                self.service.rate(answer.answer_id, "down", f"{answer.text} {CARE}", secrets[user])

    def first_gain(self, judged: Mapping[str, Any]) -> dict[str, str]:
        """Return a question that the base got wrong and the service answers correctly, asked again now."""
        for gain in self.outcomes.gains(judged):
            answer = self.service.ask(gain.question)
            if gain.expected.lower() in answer.text.lower():
                self.console.print(
                    f"  asked: {escape(gain.question)}\n    base: {escape(gain.incumbent_answer)}\n"
                    f"    {answer.version}: [bold]{escape(answer.text)}[/]",
                    highlight=False,
                )
                return {"question": gain.question, "base": gain.incumbent_answer, "champion": answer.text}
        raise Unexpected("the service answers no question that the base could not")
