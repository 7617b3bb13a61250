"""Protected health information out of texts, by Presidio's recognisers and patterns of ours; without a network.

Presidio's analyzer engine would run a language model over each text and look public suffixes up on the web.
Its recognisers are called directly instead, and everything they need is in the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from medpipe.core.safety import phi
from medpipe.core.safety.phi_patterns import IDENTIFIERS, WITH_GIVEN_NAME, Identifier
from medpipe.errors import MedpipeError
from medpipe.ports import Redaction

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

REGIONS = {"en": ("US", "GB"), "fr": ("FR", "BE"), "es": ("ES", "US")}
"""Whose national telephone numbers are known; numbers with a country's code always are."""

LEAST_SCORE = 0.4
"""Presidio's weakest patterns (any nine digits are a social security number) need words around them, as ours have."""

KIND_OF = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "ACCOUNT",
    "IBAN_CODE": "ACCOUNT",
    "IP_ADDRESS": "IP",
    "US_SSN": "SSN",
    "US_MBI": "HEALTH_PLAN",
    "ES_NIF": "NATIONAL_ID",
    "ES_NIE": "NATIONAL_ID",
    "FR_NIR": "NATIONAL_ID",
} | {kind: kind for kind in phi.KINDS}
WITHOUT_NUMBER = ("NAME", "ADDRESS", "AGE", "VEHICLE", "URL")
"""Kinds that a text without a number of four digits may have."""

NO_MODEL = cast(Any, None)
"""In place of what Presidio's engine would have a language model make of the text."""

PEOPLE = {"PERSON": "NAME", "PER": "NAME", "GPE": "ADDRESS", "LOC": "ADDRESS", "FAC": "ADDRESS"}
"""What spaCy's models call people and places."""


class PresidioRedactor:
    """`medpipe.ports.Redactor`. `person_models` names an installed spaCy model for each language that has one.

    Without a model, names count only where words announce them (a title, "my name is", "patient:"), and where
    they occur again in the same text. MedpipeError when a named model is not installed.
    """

    def __init__(self, person_models: Mapping[str, str] | None = None) -> None:
        self.person_models = dict(person_models or {})
        self._loaded: dict[str, Any] = {}

    def redact(self, texts: Sequence[str], language: str) -> list[Redaction]:
        """See the port."""
        known = language if language in REGIONS else "en"
        people = self._people(texts, known)
        return [
            Redaction(*phi.replaced(text, self._spans(text, known, found)))
            for text, found in zip(texts, people, strict=True)
        ]

    def _spans(self, text: str, language: str, people: Mapping[tuple[int, int], str]) -> dict[tuple[int, int], str]:
        spans = dict(people)
        for recogniser in self._fitting(text, language):
            for result in recogniser.analyze(text, recogniser.supported_entities, NO_MODEL):
                if result.score >= LEAST_SCORE:
                    spans.setdefault(_trimmed(text, result.start, result.end), KIND_OF[result.entity_type])
        names = frozenset(text[start:end] for (start, end), kind in spans.items() if kind == "NAME")
        return spans | {span: "NAME" for span in phi.names_again(text, names) if span not in spans}

    def _fitting(self, text: str, language: str) -> Iterator[EntityRecognizer]:
        """The recognisers that can find something in this text: the others need not try."""
        known = self._recognisers[language]
        yield from known.always
        if phi.has_number(text):
            yield from known.of_numbers
        if phi.has_given_name(text):
            yield known.of_given_names

    @cached_property
    def _recognisers(self) -> dict[str, _Recognisers]:
        return {language: _recognisers(language) for language in REGIONS}

    def _people(self, texts: Sequence[str], language: str) -> Iterator[dict[tuple[int, int], str]]:
        if language not in self.person_models:
            yield from ({} for _ in texts)
            return
        for found in self._model(language).pipe(texts):
            yield {
                (entity.start_char, entity.end_char): PEOPLE[entity.label_]
                for entity in found.ents
                if entity.label_ in PEOPLE
            }

    def _model(self, language: str) -> Any:
        if language not in self._loaded:
            import spacy

            name = self.person_models[language]
            try:
                self._loaded[language] = spacy.load(name, exclude=["parser", "lemmatizer", "attribute_ruler"])
            except OSError as error:
                raise MedpipeError(
                    f"the spaCy model {name!r} of MEDPIPE_PERSON_MODELS is not installed: install it, "
                    f"or leave {language!r} out and names are found by patterns"
                ) from error
        return self._loaded[language]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without a bracket that is opened and not closed: telephone numbers may begin with one."""
    return (start + 1 if text[start] == "(" and ")" not in text[start:end] else start), end


class _Recognisers(NamedTuple):
    always: list[EntityRecognizer]
    of_numbers: list[EntityRecognizer]
    of_given_names: EntityRecognizer


def _recognisers(language: str) -> _Recognisers:
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EsNieRecognizer,
        EsNifRecognizer,
        IbanRecognizer,
        IpRecognizer,
        PhoneRecognizer,
        UsMbiRecognizer,
        UsSsnRecognizer,
    )

    spoken = [each for each in IDENTIFIERS if language in each.languages]
    ours = {
        kind: _patterns(kind, [each for each in spoken if each.kind == kind], language)
        for kind in dict.fromkeys(each.kind for each in spoken)
    }
    theirs = [
        made(supported_language=language)
        for made in (
            CreditCardRecognizer,
            EsNieRecognizer,
            EsNifRecognizer,
            IbanRecognizer,
            UsMbiRecognizer,
            UsSsnRecognizer,
        )
    ]
    phone = PhoneRecognizer(supported_language=language, supported_regions=REGIONS[language])
    return _Recognisers(
        [_email(language), IpRecognizer(supported_language=language), *(ours[kind] for kind in WITHOUT_NUMBER)],
        [phone, *theirs, _nir(language), *(own for kind, own in ours.items() if kind not in WITHOUT_NUMBER)],
        _patterns("NAME", [WITH_GIVEN_NAME], language),
    )


def _patterns(kind: str, identifiers: Sequence[Identifier], language: str) -> EntityRecognizer:
    import regex
    from presidio_analyzer import Pattern, PatternRecognizer

    return PatternRecognizer(
        kind,
        supported_language=language,
        global_regex_flags=int(regex.VERSION1),
        patterns=[Pattern(each.name, each.pattern, 0.9) for each in identifiers],
    )


def _email(language: str) -> EntityRecognizer:
    from presidio_analyzer.predefined_recognizers import EmailRecognizer
    from tldextract import TLDExtract

    suffixes = TLDExtract(cache_dir=None, suffix_list_urls=())  # the list in the package; else it is downloaded

    class OfflineEmail(EmailRecognizer):
        def validate_result(self, pattern_text: str) -> bool:
            return bool(suffixes(pattern_text).fqdn)

    return OfflineEmail(supported_language=language)


def _nir(language: str) -> EntityRecognizer:
    from presidio_analyzer import Pattern, PatternRecognizer

    class Nir(PatternRecognizer):
        def validate_result(self, pattern_text: str) -> bool:
            return phi.nir_is_valid(pattern_text)

    return Nir("FR_NIR", supported_language=language, patterns=[Pattern("NIR", phi.NIR, 0.5)])
