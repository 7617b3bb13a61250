"""CancerGov's pages: an outline with lists in it is told as sentences, and what all pages say is left out."""

from __future__ import annotations

from medpipe.core.teaching.passages import cut
from medpipe.sources.curated.medquad_text import answer

PAGE = (
    "Key Points\n"
    "                    - Moor cancer is treated in two ways.     - Two types of treatment are used:         - Surgery"
    "     - Tazomib       - Watchful waiting        - Treatment may cause side effects.    - New types of treatment are"
    " being tested in clinical trials.         - Velorin    - Sleep helps.\n"
    "                \n                \n"
    "                    Moor cancer is treated in two ways.\n"
    "                    Different types of treatment are available for patients. Some treatments are standard (the"
    " currently used treatment). Tazomib is taken for a year.\n"
)


def test_a_point_that_lists_others_is_their_lead_in_and_every_other_point_a_sentence() -> None:
    assert cut(answer(PAGE), 200) == (
        "Moor cancer is treated in two ways. Two types of treatment are used: Surgery; Tazomib; Watchful waiting. "
        "Treatment may cause side effects. Sleep helps. Tazomib is taken for a year."
    )


def test_a_page_without_an_outline_stays_as_it_is() -> None:
    page = "Moor cancer is rare.\n- Key Points\nIt is treated."
    assert answer(page) == page


def test_what_every_page_says_of_risk_factors_comes_before_no_answer() -> None:
    assert answer(
        "Smoking affects the risk of moor cancer. Anything that increases your risk of getting a disease is called a "
        "risk factor. Having a risk factor does not mean that you will get cancer; not having one doesn't mean that "
        "you will not get cancer. Talk with your child's doctor if you think your child may be at risk.   Risk "
        "factors include the following:         - Being old.    - Fog. (See the PDQ summary on Moor Cancer (Adult).)"
    ) == ("Smoking affects the risk of moor cancer. Risk factors include the following:\n- Being old.\n- Fog.")
