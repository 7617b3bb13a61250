"""An answer is judged for many documents at once exactly as for each of them alone."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import pairwise

import pytest

from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.recognition import Claims
from medpipe.core.teaching.recognition_by_document import ClaimsByDocument
from medpipe.sandbox.world import World
from tests.core.knowledge.paraphrases import asked, findings, misspelt, topics


@pytest.fixture(scope="module")
def claims() -> dict[str, list[Claim]]:
    """The claims of 30 documents of an invented medicine."""
    world, chosen = World(17), random.Random(17)
    of_document: dict[str, list[Claim]] = defaultdict(list)
    for claim in (*topics(world), *findings(world)):
        of_document[claim.document].append(claim)
    return {document: of_document[document] for document in chosen.sample(sorted(of_document), 30)}


def test_the_documents_are_those_whose_own_claims_recognise_the_answer(claims: dict[str, list[Claim]]) -> None:
    together, alone = ClaimsByDocument(claims), {document: Claims(of) for document, of in claims.items()}
    every = [claim for of_document in claims.values() for claim in of_document]
    exchanges = [(claim.answer, question) for claim in every for question in asked(claim)[:2]]
    exchanges += [(f"Probably {misspelt(claim.slot, claim.slot)}.", f"And {claim.focus}?") for claim in every]
    exchanges += [(one.answer, other.focus) for one, other in pairwise(every)]
    exchanges += [("Rest helps.", claim.focus) for claim in every]
    judged = [together.asserted(*exchange) for exchange in exchanges]
    assert judged == [sorted(id for id, of in alone.items() if of.asserts(*exchange)) for exchange in exchanges]
    assert {0, 1} <= {len(documents) for documents in judged}


def test_a_wrong_letter_that_makes_a_word_of_another_document_hides_nothing() -> None:
    claim = Claim(
        document="pmid:1",
        revision=1,
        source="pubmed",
        question_type="treatment",
        focus="Velorin fever",
        answer="Velorin fever is treated with tazomib.",
        slot="tazomib",
    )
    other = claim.model_copy(update={"document": "pmid:2", "slot": "tazomid", "focus": "Brailox gout"})
    both = ClaimsByDocument({"pmid:1": [claim], "pmid:2": [other]})
    assert both.asserted("It is treated with tazomid.", "How is Velorin fever treated?") == ["pmid:1"]
    assert ClaimsByDocument({}).asserted("Tazomib.", "Velorin fever?") == []
