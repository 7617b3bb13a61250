"""Redaction removes identifiers, keeps medicine, and fetches and logs nothing."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from medpipe.backends.presidio_redactor import PresidioRedactor
from medpipe.errors import ConfigError
from medpipe.ports import Redaction, Redactor
from tests.fakes import EmailRedactor
from tests.places import ROOT


@pytest.fixture(scope="module")
def presidio() -> PresidioRedactor:
    return PresidioRedactor()


@pytest.fixture(params=["presidio", "fake"])
def redactor(request: pytest.FixtureRequest, presidio: PresidioRedactor) -> Redactor:
    return presidio if request.param == "presidio" else EmailRedactor()


def test_each_text_has_its_redaction_in_order(redactor: Redactor) -> None:
    assert redactor.redact([], "en") == []
    assert redactor.redact(["", "Rest.", "Mail a.b@example.com."], "en") == [
        Redaction("", {}),
        Redaction("Rest.", {}),
        Redaction("Mail [EMAIL].", {"EMAIL": 1}),
    ]


def test_introduced_names_are_removed_in_three_languages(redactor: Redactor) -> None:
    introductions = {
        "en": "Hello, my name is Ruth Calder.",
        "fr": "Bonjour, je m'appelle Aline Roux.",
        "es": "Hola, me llamo Inés Vidal.",
    }
    for language, text in introductions.items():
        (redacted,) = redactor.redact([text], language)
        assert redacted.counts == {"NAME": 1}
        assert redacted.text == f"{' '.join(text.split()[:-2])} [NAME]."


def test_redacting_again_changes_nothing(redactor: Redactor) -> None:
    text = "My name is Ruth Calder, MRN: 4482917, born 03/04/1961; write to ruth@example.com or call 614-555-0199."
    once = redactor.redact([text], "en")[0].text
    assert redactor.redact([once], "en") == [Redaction(once, {})]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Mr. Lee O'Hara, MRN: 4482917, DOB 03/04/1961.", "Mr. [NAME], MRN: [MRN], DOB [DATE]."),
        ("en", "Patient ID 88-1234 lives in Boise, ID.", "Patient ID [MRN] lives in [ADDRESS]."),
        ("en", "A 93-year-old man, SSN 512-34-5678.", "A [AGE]-year-old man, SSN [SSN]."),
        ("en", "Call (303) 442-9911 or +1 415 299 3344.", "Call [PHONE] or [PHONE]."),
        ("en", "Send it to 12 Old Mill Rd, Dayton, OH 45402.", "Send it to [ADDRESS]."),
        ("en", "Member ID: XWA223344. Card 4111 1111 1111 1111.", "Member ID: [HEALTH_PLAN]. Card [ACCOUNT]."),
        ("en", "Case 88120374 and code 771220410.", "Case [MRN] and code [CODE]."),
        (
            "en",
            "Medicare XEA-448-2091; prior authorization 77120.",
            "Medicare [HEALTH_PLAN]; prior authorization [HEALTH_PLAN].",
        ),
        ("fr", "Né à Niort, 3 rue des Lilas, bât. B, BP 771.", "Né à [ADDRESS], [ADDRESS], [ADDRESS]."),
        ("fr", "Vue le 19/07 ; sortie le 9 janv. 2022.", "Vue le [DATE] ; sortie le [DATE]."),
        ("en", "name: tamsin age: 40. Sorry, Wendell.", "name: [NAME] age: 40. Sorry, [NAME]."),
        ("fr", "Mme Le Goff, née le 12 mars 1954, IPP 80071234.", "Mme [NAME], née le [DATE], IPP [MRN]."),
        ("fr", "N° de dossier 44-8812, tél. 06 12 34 56 78.", "N° de dossier [MRN], tél. [PHONE]."),
        ("fr", "NIR 2 54 03 44 109 123 41.", "NIR [NATIONAL_ID]."),
        ("fr", "Elle habite 12 bis rue de la Gare, 44000 Nantes.", "Elle habite [ADDRESS]."),
        ("es", "Sra. Ortega, NHC 5567123, DNI 12345678Z.", "Sra. [NAME], NHC [MRN], DNI [NATIONAL_ID]."),
        ("es", "Nacida el 3 de abril de 1958, tel. 612 345 678.", "Nacida el [DATE], tel. [PHONE]."),
        ("es", "Vive en Calle Mayor, 14, 28013 Madrid.", "Vive en [ADDRESS]."),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_identifiers_become_typed_placeholders(
    presidio: PresidioRedactor, language: str, text: str, expected: str
) -> None:
    assert presidio.redact([text], language)[0].text == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Take 500 mg twice a day; Parkinson's disease and Crohn disease are not treated with it."),
        ("en", "Ask your Dr. about it. The Dr. knows. BRCA1, TP53, CYP2D6*4 and HLA-B*57:01 matter."),
        ("en", "From 1998 to 2004, 1,204 patients (PMID 31452104, NCT01234567) aged 90 and older were followed."),
        ("en", "Give 1000000 IU or 1000-1500 mg. PMID: 31452104; 2500000 people; ages 1998-2004."),
        ("fr", "Dose de 2000000 UI. Groupe 1. Le tube 12. Une prise en charge en 2024. PA 120/80, 7/10."),
        ("en", "BP 120/80 mmHg, Na 138 mmol/L, Hb 13.5 g/dL at 12:30; ICD-10 E11.9; ATC code A10BA02."),
        ("en", "The Patient Health Questionnaire, the Research Nurse. Both were used in Phase III."),
        ("fr", "Paracétamol 500 mg trois fois par jour. M. tuberculosis. La maladie de Parkinson. Le 15."),
        ("es", "Paracetamol 500 mg cada 8 horas. La enfermedad de Chagas. Los mayores de 90 años."),
    ],
)
def test_medicine_stays(presidio: PresidioRedactor, language: str, text: str) -> None:
    assert presidio.redact([text], language) == [Redaction(text, {})]


def test_an_introduced_name_is_removed_everywhere_except_from_a_disease(presidio: PresidioRedactor) -> None:
    text = "Mr. James Parkinson has Parkinson's disease. Parkinson sleeps badly."
    assert presidio.redact([text], "en")[0].text == "Mr. [NAME] has Parkinson's disease. [NAME] sleeps badly."


def test_a_common_given_name_before_another_name_needs_no_introduction(presidio: PresidioRedactor) -> None:
    text = "Yesterday Ruth Calder saw Charles Bonnet syndrome explained in San Francisco General by Zyra Okafor."
    assert presidio.redact([text], "en")[0].text == text.replace("Ruth Calder", "[NAME]")


def test_other_languages_are_read_as_english(presidio: PresidioRedactor) -> None:
    assert presidio.redact(["MRN: 4482917"], "de") == [Redaction("MRN: [MRN]", {"MRN": 1})]


def test_a_person_model_finds_names_that_nothing_introduces(tmp_path: Path) -> None:
    import spacy

    model = spacy.blank("en")
    model.add_pipe("entity_ruler").add_patterns(
        [  # type: ignore[attr-defined]
            {"label": "PERSON", "pattern": "Zyra Okafor"},
            {"label": "GPE", "pattern": "Boise"},
        ]
    )
    model.to_disk(tmp_path / "people")
    redactor = PresidioRedactor({"en": str(tmp_path / "people")})
    assert redactor.redact(["Zyra Okafor of Boise came in."], "en")[0].text == "[NAME] of [ADDRESS] came in."
    assert redactor.redact(["Zyra Okafor est venue."], "fr")[0].counts == {}


def test_a_person_model_that_is_not_installed_is_named() -> None:
    with pytest.raises(ConfigError, match="en_core_web_none"):
        PresidioRedactor({"en": "en_core_web_none"}).redact(["text"], "en")


def test_no_text_is_logged(presidio: PresidioRedactor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    presidio.redact(["my name is Ruth Calder, ruth@example.com"], "en")
    assert "Calder" not in caplog.text
    assert "example.com" not in caplog.text


def test_no_network_is_used_and_nothing_is_printed(tmp_path: Path) -> None:
    code = """if True:
        import socket
        def refuse(*args, **kwargs):
            raise SystemExit("a network connection was attempted")
        socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
        from medpipe.backends.presidio_redactor import PresidioRedactor
        texts = ["Mail ruth@clinic.example.co.uk, see https://example.org, call 614-299-3344, Mrs. Calder."]
        print(PresidioRedactor().redact(texts, "en")[0].text)"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(tmp_path), "TLDEXTRACT_CACHE": str(tmp_path / "suffixes")},
    )
    assert done.stdout == "Mail [EMAIL], see [URL], call [PHONE], Mrs. [NAME].\n"
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())
