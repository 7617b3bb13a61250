"""Hash chains: every change of a history is found, and an untouched one has no fault."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.chain import START, Head, Link, digest, faults


def history(length: int, says: str = "entry") -> list[Link]:
    links, previous = [], START
    for sequence in range(1, length + 1):
        texts = {"sequence": str(sequence), "event": f"{says} {sequence}", "previous": previous}
        links.append(Link(sequence, previous, digest(texts), texts))
        previous = links[-1].digest
    return links


def heads(links: list[Link]) -> list[Head]:
    return [Head(link.sequence, link.digest) for link in links]


@given(st.integers(0, 12), st.data())
def test_an_untouched_history_has_no_fault_whatever_heads_were_kept(length: int, data: st.DataObject) -> None:
    links = history(length)
    kept = data.draw(st.lists(st.sampled_from(heads(links)), min_size=1)) if links else []
    assert list(faults(links, kept)) == []


@given(st.integers(2, 12), st.data())
def test_a_history_in_any_other_order_or_without_an_entry_or_with_one_twice_is_found(
    length: int, data: st.DataObject
) -> None:
    links = history(length)
    other = data.draw(st.lists(st.sampled_from(links), max_size=length + 2))
    assert bool(list(faults(other, heads(links)))) == (other != links)


def test_a_history_that_lost_its_newest_entries_is_found_by_the_heads_only() -> None:
    links = history(5)
    assert list(faults(links[:3], heads(links[:3]))) == []
    assert list(faults(links[:3], heads(links))) == [
        "entries 4 to 5 are missing from its end: a digest of entry 5 was kept"
    ]
    assert list(faults([], heads(links[:1]))) == [
        "entries 1 to 1 are missing from its end: a digest of entry 1 was kept"
    ]


def test_a_history_that_was_computed_anew_is_found_by_the_heads_only() -> None:
    assert list(faults(history(3, "false"), heads(history(3)))) == [
        f"entry {number} is not the one whose digest was kept outside the database" for number in (1, 2, 3)
    ]


def test_a_history_without_any_head_says_that_a_loss_cannot_be_seen() -> None:
    assert "cannot be seen" in " ".join(faults(history(1), []))
    assert list(faults([], [])) == []


def test_a_changed_text_is_found_at_its_entry() -> None:
    links = history(4)
    links[2] = links[2]._replace(texts={**links[2].texts, "event": "entry 4"})
    assert list(faults(links, heads(links))) == ["entry 3 was changed: its digest does not fit its text"]
