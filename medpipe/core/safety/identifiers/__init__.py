"""How the identifiers of `core.safety.phi` are written in English, French and Spanish. Each kind has a module.

Short numbers without a checksum count only after the words that name them ("MRN", "n° de dossier", "historia clínica"),
and names only after the words that introduce a person. Doses, years, gene names and eponyms therefore stay. Identifiers
with a checksum or a plain form (e-mail, telephone, cards, IBAN, US social security, DNI, NIE) are left to the library
behind `medpipe.ports.Redactor`.

To add a way to write an identifier, add an `Identifier` to the module of its kind.
"""

from __future__ import annotations

from medpipe.core.safety.identifiers.addresses import ADDRESSES
from medpipe.core.safety.identifiers.codes import CODES
from medpipe.core.safety.identifiers.dates import AGES, DATES
from medpipe.core.safety.identifiers.names import NAMES, WITH_GIVEN_NAME
from medpipe.core.safety.identifiers.reference_numbers import NUMBERS
from medpipe.core.safety.identifiers.writing import Identifier, any_of

__all__ = ["IDENTIFIERS", "WITH_GIVEN_NAME", "Identifier"]

IDENTIFIERS: tuple[Identifier, ...] = (
    *NAMES,
    *ADDRESSES,
    *DATES,
    *AGES,
    *NUMBERS,
    *CODES,
    # The library accepts only numbers that are allotted. People also write, and invent, others of the same form.
    Identifier("PHONE", "France", r"(?<![\d.])(?:\+33\s?(?:\(0\)\s?)?|0)[1-9](?:[\s.-]?\d{2}){4}(?![\d.]\d)", ("fr",)),
    Identifier("PHONE", "international", r"(?<![\w+])\+\d{1,3}(?:[\s.-]?\(?\d{1,4}\)?){2,6}(?<=\d)(?!\d)"),
    Identifier(
        "PHONE",
        "after the words for it",
        r"(?<![\p{L}])(?i:(?:tele)?phone|mobile|cell|landline|contact|pager|ph|whatsapp|fax|tél(?:éphone)?|portable|teléfono|tel|móvil|celular"
        r"|call me (?:on|at)|appelez-moi au|ll[aá]me(?:me)? al)\b[\s.:]*"
        r"(?i:(?:number|numéro|número|is|est|es|no)\b[\s.:]*)*"
        r"\K(?=(?:\D{0,2}\d){7})\(?\d{2,5}\)?(?:[\s.-]?\d{2,6}){1,4}(?!\d)",
    ),
    # Numbers of films and of examples (555-01xx) are written like others; the library knows that nobody has them.
    Identifier("PHONE", "North America", r"(?<![\w.-])(?:1[\s.-])?(?:\(\d{3}\)\s?|\d{3}[\s.-])\d{3}[.-]\d{4}(?![\w-])"),
    Identifier("PHONE", "United Kingdom", r"(?<![\w.-])0\d{2,4}[\s-]\d{3,4}[\s-]?\d{3,4}(?![\w-])", ("en",)),
    Identifier(
        "PHONE",
        "without an area",
        rf"\b{any_of('call', 'text', 'ring', 'phone', 'dial', 'fax')}\s\K\d{{3}}[.-]\d{{4}}(?![\w-])",
    ),
    Identifier("EMAIL", "address", r"(?<![\w.+-])[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
    Identifier("URL", "web address", r"\b(?:https?://|www\.)[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]"),
)
