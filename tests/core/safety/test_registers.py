"""Numbers of public registers stay; what is only like one does not."""

from __future__ import annotations

import pytest

from medpipe.core.safety import phi
from medpipe.core.safety.identifiers.registers import cas_is_valid, public_numbers


def kept(text: str, number: str) -> bool:
    start = text.index(number)
    spans = {(start, start + len(number)): "CODE"}
    return phi.without_public(text, spans) == {}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Aspirin (CAS 50-78-2) is old.", "50-78-2"),
        ("Water has the CAS number 7732-18-5.", "7732-18-5"),
        ("The transcript NM_000546.6 of TP53.", "NM_000546.6"),
        ("ENSG00000141510 is TP53.", "ENSG00000141510"),
        ("The variant rs1799966123 is common.", "rs1799966123"),
        ("UniProt P04637 is p53.", "P04637"),
        ("GRCh38 chr17:43044295-43125364 holds BRCA1.", "43044295-43125364"),
        ("At position 43045712 (GRCh38: 43045712).", "GRCh38: 43045712"),
        ("GRCh37 assembly, position 43,045,712.", "43,045,712"),
        ("Sur hg19, à la position 43045712.", "43045712"),
        ("NC_000017.11:g.43045712G>A", "g.43045712G>A"),
        ("ClinicalTrials.gov NCT01234567.", "NCT01234567"),
        ("EudraCT 2004-000446-20.", "2004-000446-20"),
        ("ISRCTN12345678 was registered.", "ISRCTN12345678"),
        ("SNOMED CT concept 22298006.", "22298006"),
        ("LOINC 2345-7 is glucose.", "2345-7"),
        ("ICD-10 code I21.9.", "I21.9"),
        ("ISO 13485:2016 applies.", "13485:2016"),
        ("ChEMBL has CHEMBL1201583.", "CHEMBL1201583"),
        ("DrugBank DB00945.", "DB00945"),
        ("BSYNRYMUTXBXSQ-UHFFFAOYSA-N is aspirin.", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"),
        ("Antibody, cat. no. 1234567-A.", "1234567-A"),
        ("doi 10.1001/jama.2020.1585123 says so.", "10.1001/jama.2020.1585123"),
    ],
)
def test_the_number_of_a_public_register_is_no_identifier(text: str, number: str) -> None:
    assert kept(text, number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CAS 50-78-3 has a wrong check digit.", "50-78-3"),
        ("Mon cas 50-78-2 est au dossier.", "50-78-2"),
        ("Accession 43045712 at the laboratory.", "43045712"),
        ("My record is P0463712.", "P0463712"),
        ("Call 0612345678.", "0612345678"),
        ("MRN NM000546123.", "NM000546123"),
        ("LOINC is not mine; my number is 4471203.", "4471203"),
        ("GRCh38 analysis for patient 44712039.", "44712039"),
        ("hg19, MRN 44712039.", "44712039"),
        ("Read on chr1: 0612345678.", "0612345678"),
        ("Seen in EC 44712039.", "44712039"),
        ("My EU CT number 4471203.", "4471203"),
        ("ISO: 4471203.", "4471203"),
        ("En 2004-000446-20 fui al hospital.", "2004-000446-20"),
    ],
)
def test_what_is_only_like_the_number_of_a_register_stays_an_identifier(text: str, number: str) -> None:
    assert not kept(text, number)


def test_only_numbers_are_spared_and_only_where_the_whole_of_them_is_in_a_register() -> None:
    text = "NCT01234567 4471203"
    assert phi.without_public(text, {(0, 11): "NAME"}) == {(0, 11): "NAME"}
    assert phi.without_public(text, {(0, 19): "CODE"}) == {(0, 19): "CODE"}


@pytest.mark.parametrize("number", ["50-78-2", "7732-18-5", "58-08-2", "64-17-5"])
def test_a_cas_number_has_a_check_digit(number: str) -> None:
    assert cas_is_valid(number)
    assert not cas_is_valid(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_a_text_without_numbers_of_registers_has_none() -> None:
    assert public_numbers("She takes 50 mg of aspirin and was born in 1960.") == []
