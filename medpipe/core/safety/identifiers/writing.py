"""What the patterns of all kinds share: the value `Identifier`, words in any case, and capitals that are not names."""

from __future__ import annotations

from typing import NamedTuple

ALL_LANGUAGES = ("en", "fr", "es")
"""ISO 639-1 codes of the languages that the patterns cover."""


class Identifier(NamedTuple):
    """One way to write one kind of identifier."""

    kind: str
    """One of `core.safety.phi.KINDS`."""
    name: str
    pattern: str
    """For the `regex` module. The part of a match after `\\K` is the identifier."""
    languages: tuple[str, ...] = ALL_LANGUAGES
    """The languages whose texts are searched with the pattern."""


def any_of(*alternatives: str) -> str:
    """Return a pattern for one of the alternatives, in any case. A space in them stands for any white space."""
    return f"(?i:{'|'.join(alternatives)})".replace(" ", r"\s")


NOT_A_NAME = (
    r"(?!(?:The|A|An|If|This|That|These|Those|He|She|It|They|We|You|Your|My|His|Her|In|On|At|For|And|Or|But|Is|Are|Was"
    r"|Ask|Call|Do|Does|Can|May|Will|When|What|Which|Who|How|Why|Where|There|Some|Most|Many|Both|All|Please|Thanks"
    r"|Thank|Hi|Hello|Dear|I|Le|La|Les|Un|Une|Des|Il|Elle|Ce|Cette|Si|Je|Vous|Nous|El|Los|Las|Una|Se|En|De|Para|Su|Mi"
    r"|Ne|Pas|Au|Aux|Par|Dans|Avec|Sans|Est|Sont|Quels?|Quelles?|Son|Sa|Ses|Mon|Ma|Lo|Al|Con|Sin|Por|Es|Ser|Estar"
    r"|Yo|Usted|Type|Stage|Grade|Phase|Hospital|Center|Centre|Clinic|Department|Inc|Ltd|Not|No|Yes|None|Unknown)\b"
    r"|(?:[DLJ]|Qu)[’'])"
)
"""Words that are written with a capital at the start of a sentence or a line and begin no name."""
