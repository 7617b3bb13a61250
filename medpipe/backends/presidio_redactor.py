"""Take protected health information out of texts, with Presidio's recognisers and our own patterns, offline.

Presidio's analyzer engine would run a language model over each text and look up public suffixes on the web. Its
recognisers are therefore called directly. Everything that they need is in the package.
Presidio: https://microsoft.github.io/presidio/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from medpipe.core.safety import people, phi
from medpipe.core.safety.identifiers import IDENTIFIERS, WITH_GIVEN_NAME, Identifier
from medpipe.core.safety.people_runs import Lists, Token, folded
from medpipe.errors import ConfigError
from medpipe.mesh_words import drug_words, mesh_words
from medpipe.name_lists import name_lists
from medpipe.ports import Redaction

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

REGIONS = {"en": ("US", "GB"), "fr": ("FR", "BE"), "es": ("ES", "US")}
"""Language → countries whose national telephone numbers are found. Numbers with a country code are always found."""

LEAST_SCORE = 0.4
"""Least score of a result that counts. Presidio's weakest patterns (any nine digits may be a US social security number)
stay below it unless a word near them says what they are."""

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
WITHOUT_NUMBER = ("NAME", "ADDRESS", "AGE", "EMAIL", "VEHICLE", "URL")
"""Kinds that a text may contain even if it has no number of four digits."""


NO_MODEL = cast(Any, None)
"""Stands for the output of the language model that Presidio's engine would run."""

PERSONS = ("PERSON", "PER")
_EPONYMOUS = 5
"""Headings of MeSH in which a usual given name may occur and still be a name: "Charcot-Marie-Tooth Disease"."""
PLACES = ("GPE", "LOC", "FAC")
"""Labels of spaCy's models for what may be a home."""


class PresidioRedactor:
    """`medpipe.ports.Redactor`. `person_models` names an installed spaCy model for each language that has one.

    Without a model, a name is found only after words that introduce a person (a title, "my name is", "patient:") and
    where it occurs again in the same text. `redact` raises ConfigError for a model that is not installed.
    """

    def __init__(self, person_models: Mapping[str, str] | None = None) -> None:
        self.person_models = dict(person_models or {})
        self._loaded: dict[str, Any] = {}

    def redact(self, texts: Sequence[str], language: str) -> list[Redaction]:
        """See the port."""
        read_as = language if language in REGIONS else "en"
        return [
            Redaction(*phi.replaced(text, self._spans(text, read_as, people_here)))
            for text, people_here in zip(texts, self._people(texts, read_as), strict=True)
        ]

    def _spans(self, text: str, language: str, found: Mapping[tuple[int, int], str]) -> dict[tuple[int, int], str]:
        """Kinds of identifiers by (start, end) in the text; `found` are those of the language model."""
        spans = dict(found)
        for recogniser in self._fitting(text, language):
            for result in recogniser.analyze(text, recogniser.supported_entities, NO_MODEL):
                if result.score >= LEAST_SCORE:
                    spans.setdefault(_trimmed(text, result.start, result.end), KIND_OF[result.entity_type])
        spans = phi.without_public(text, spans)
        names = frozenset(text[start:end] for (start, end), kind in spans.items() if kind == "NAME")
        return spans | {span: "NAME" for span in phi.names_again(text, names) if span not in spans}

    def _fitting(self, text: str, language: str) -> Iterator[EntityRecognizer]:
        """The recognisers that can find something in this text. Trying the others would only take time."""
        recognisers = self._recognisers[language]
        yield from recognisers.always
        if phi.has_number(text):
            yield from recognisers.of_numbers
        if phi.may_have_date(text):
            yield recognisers.of_dates
        if phi.has_given_name(text):
            yield recognisers.of_given_names

    @cached_property
    def _recognisers(self) -> dict[str, _Recognisers]:
        return {language: _recognisers(language) for language in REGIONS}

    def _people(self, texts: Sequence[str], language: str) -> Iterator[dict[tuple[int, int], str]]:
        """People and places in each text, by (start, end); none for a language without a model."""
        if language not in self.person_models:
            yield from ({} for _ in texts)
            return
        lists = _lists()
        for analysed in self._model(language).pipe(texts):
            persons = [(entity.start_char, entity.end_char) for entity in analysed.ents if entity.label_ in PERSONS]
            tokens = [Token(token.idx, token.pos_) for token in analysed]
            homes = {
                (entity.start_char, entity.end_char): "ADDRESS"
                for entity in analysed.ents
                if entity.label_ in PLACES and people.is_home(analysed.text, entity.start_char, entity.end_char, lists)
            }
            places = [(entity.start_char, entity.end_char) for entity in analysed.ents if entity.label_ in PLACES]
            yield dict.fromkeys(people.people(analysed.text, tokens, persons, lists, places), "NAME") | homes

    def _model(self, language: str) -> Any:
        if language not in self._loaded:
            import spacy

            name = self.person_models[language]
            try:
                self._loaded[language] = spacy.load(name, exclude=["parser", "lemmatizer"])
            except OSError as error:
                raise ConfigError(
                    f"MEDPIPE_PERSON_MODELS: the spaCy model {name!r} is not installed. Install it, or remove "
                    f"{language!r}: patterns then find the names that words introduce"
                ) from error
        return self._loaded[language]


@lru_cache
def _lists() -> Lists:
    """Return the words that are names and those that are not."""
    from spacy.lang.en.stop_words import STOP_WORDS as english
    from spacy.lang.fr.stop_words import STOP_WORDS as french

    names, medicine = name_lists(), mesh_words()
    return Lists(
        names.given,
        names.family,
        frozenset(
            word
            for word, headings in medicine.words.items()
            if headings > _EPONYMOUS or word in medicine.alone or word not in names.usual
        )
        | (drug_words() - names.given),
        names.countries,
        names.usual,
        frozenset(medicine.words) & names.usual,
        frozenset(map(folded, english | french)),
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without an opening bracket that is not closed in it. Telephone numbers may begin with one."""
    return (start + 1 if text[start] == "(" and ")" not in text[start:end] else start), end


class _Recognisers(NamedTuple):
    """The recognisers of one language, by the texts on which they are tried."""

    always: list[EntityRecognizer]
    of_numbers: list[EntityRecognizer]
    of_dates: EntityRecognizer
    of_given_names: EntityRecognizer


@lru_cache
def _recognisers(language: str) -> _Recognisers:
    """Return the recognisers of a language. They keep no state, so all redactors of a process share them."""
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

    written = [identifier for identifier in IDENTIFIERS if language in identifier.languages]
    by_kind = {
        kind: _patterns(kind, [identifier for identifier in written if identifier.kind == kind], language)
        for kind in dict.fromkeys(identifier.kind for identifier in written)
    }
    with_checksum = [
        recogniser(supported_language=language)
        for recogniser in (
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
        [_email(language), IpRecognizer(supported_language=language), *(by_kind[kind] for kind in WITHOUT_NUMBER)],
        [
            phone,
            *with_checksum,
            _nir(language),
            *(by_kind[kind] for kind in by_kind if kind not in ("DATE", *WITHOUT_NUMBER)),
        ],
        by_kind["DATE"],
        _patterns("NAME", [WITH_GIVEN_NAME], language),
    )


def _patterns(kind: str, identifiers: Sequence[Identifier], language: str) -> EntityRecognizer:
    import regex
    from presidio_analyzer import Pattern, PatternRecognizer

    return PatternRecognizer(
        kind,
        supported_language=language,
        global_regex_flags=int(regex.VERSION1),
        patterns=[Pattern(identifier.name, identifier.pattern, 0.9) for identifier in identifiers],
    )


def _email(language: str) -> EntityRecognizer:
    from presidio_analyzer.predefined_recognizers import EmailRecognizer
    from tldextract import TLDExtract

    suffixes = TLDExtract(cache_dir=None, suffix_list_urls=())  # the list in the package; the default downloads one

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
