"""NLM's three-letter language codes (MARC 21, https://www.nlm.nih.gov/bsd/language_table.html) as ISO 639-1."""

from __future__ import annotations

_TWO = dict(
    pair.split(":")
    for pair in (
        "afr:af alb:sq ara:ar arm:hy aze:az bos:bs bul:bg cat:ca chi:zh cze:cs dan:da dut:nl eng:en epo:eo est:et "
        "fin:fi fre:fr geo:ka ger:de gla:gd gre:el heb:he hin:hi hrv:hr hun:hu ice:is ind:id ita:it jpn:ja kin:rw "
        "kor:ko lat:la lav:lv lit:lt mac:mk mal:ml mao:mi may:ms nor:no per:fa pol:pl por:pt pus:ps rum:ro rus:ru "
        "san:sa slo:sk slv:sl spa:es srp:sr swe:sv tha:th tur:tr ukr:uk urd:ur vie:vi wel:cy"
    ).split()
)


def two_letters(code: str | None) -> str:
    """Return the two-letter code of `fre` (fr). A code without one (`mul`, `und`) stays; no code is `und`."""
    known = (code or "").strip().lower()
    return _TWO.get(known, known) or "und"
