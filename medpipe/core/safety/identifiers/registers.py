"""Numbers of public registers, which name no person: substances, genes, genome positions, trials, codes, standards.

A number counts by its own form where nothing else has it ("NM_000546.6", "NCT01234567"), and otherwise only after the
name of its register ("LOINC 2345-7"). A CAS number also needs the right check digit. What is only like one, such as an
accession of a laboratory, stays an identifier. Forms: the registers' own documentation; for variants, HGVS (den Dunnen
et al., Human Mutation 2016, 37:564-569).
"""

from __future__ import annotations

import re

_CHROMOSOME = r"(?:[1-9]|1\d|2[0-2]|X|Y|MT?)"
_PLACE = r"[1-9](?:\d{3,8}|\d{0,2}(?:,\d{3}){1,2})"
"""A place on a chromosome, of which the longest has 248,956,422 bases."""
_POSITION = rf"(?:g\.)?{_PLACE}(?:\s?[-–_]\s?{_PLACE})?"
_FORMS = (
    r"[NXY][CGMPRTWZ]_\d{6,12}(?:\.\d{1,3})?|WP_\d{9}(?:\.\d)?",  # RefSeq
    r"ENS[A-Z]{0,4}[EGPTR]\d{11}(?:\.\d{1,3})?",  # Ensembl
    r"rs\d{3,11}|[RSV]CV\d{9}(?:\.\d{1,3})?|COS[MV]\d{3,9}",  # dbSNP, ClinVar, COSMIC
    r"(?:NCT|ISRCTN|DRKS)\d{8}|ACTRN\d{14}|PACTR\d{15}|KCT\d{7}|TCTR\d{11}|UMIN\d{9}|ChiCTR-?[A-Z]{0,4}-?\d{8,10}",
    r"CTRI/\d{4}/\d{2,3}/\d{6}",  # trials
    r"CHEMBL\d{1,9}|CHEBI:\d{1,7}|HGNC:\d{1,6}|(?:HP|GO|DOID|MONDO):\d{7}",
    r"[A-Z]{14}-[A-Z]{10}-[A-Z]",  # InChIKey
    r"GSE\d{2,7}|GSM\d{3,8}|[SED]R[RXPS]\d{6,9}|PRJ[NED][AB]\d{2,9}|PMC\d{5,9}",  # archives
    r"10\.\d{4,9}/[^\s<>\"]+",  # DOI
    rf"chr{_CHROMOSOME}\s?:\s?{_POSITION}",
)
_WHAT = r"(?:\s(?:accession|code|concept|entry|id|ID|identifier|number|no\.?|No\.?|n°|código|numéro|número))*"
_REGISTERS = (
    r"PMID|PMCID|PMC|DOI|ISBN|ISSN|arXiv|ISRCTN|NCT|EudraCT|OMIM|ORPHA(?:net)?|GeneID|Entrez(?: Gene)?|UMLS"
    r"|SNOMED(?:[ -]CT)?|LOINC|RxNorm|RxCUI|MeSH|UNII|PubChem(?: [CS]ID)?|DrugBank|ChEMBL|ChEBI|KEGG|UniProt(?:KB)?"
    r"|Swiss-Prot|GenBank|RefSeq"
)
_SHORT = (
    r"CTRI|EU[ -]?CT(?:IS)?|MIM|CUI|PDB|ATCC|ATC|EC|ICD-?(?:9|10|11)?(?:-[A-Z]{2,3})?|CIM-?1[01]|CIE-?1[01]|CCAM|CPT"
    r"|ISO(?:/IEC)?(?:/TS|/TR)?|EN ISO|IEC|ASTM|CLSI|DIN"
)
"""Registers whose name may mean something else, and whose numbers have no seven digits in a row without a letter."""
_NAMED = (
    rf"\b(?:(?:{_REGISTERS})\b|(?:{_SHORT})\b(?!{_WHAT}[\s:#°-]*\d{{7}})){_WHAT}[\s:#°-]{{0,3}}"
    r"[A-Z]{0,4}-?\d[\dA-Z]*(?:[./:-][\dA-Z]+)*"
)
_ASSEMBLY = (
    r"\b(?:GRCh3[678]|GRCm3[89]|hg(?:18|19|38)|CHM13)\b(?:\.p\d{1,2})?"
    r"(?:[\s:,(]{1,3}(?i:assembly|build|reference|genom[ea]?|génome|coordinates?|coordonnées?|coordenadas?|positions?"
    r"|posici(?:ón|ones)|locus|chromosome|cromosoma|at|of|the|à|de|du|la|le)\b){0,5}"
    rf"[\s:,(]{{1,3}}(?:(?:chr)?{_CHROMOSOME}\s?:\s?)?{_POSITION}"
)
_CATALOGUE = (
    r"\b(?:cat(?:alog(?:ue)?)?\.?\s?(?:no\.?|number|#|nr\.?)|(?:n°|numéro) de catalogue|(?:n\.?º|número) de catálogo)"
    r"[\s:#]{0,3}[\w.-]*\d[\w.-]*\w"
)
_HGVS = r"(?<=:)[cgmnp]\.[\d*][\d_+*-]*(?:[A-Z]>[A-Z]|(?:del|dup|ins|inv)[A-Z]*)?"
_PUBLIC = re.compile(
    rf"(?<![\w-])(?:{'|'.join(_FORMS)})(?!\w)|{_NAMED}(?!\w)|{_ASSEMBLY}(?!\w)|(?i:{_CATALOGUE})(?!\w)|{_HGVS}"
)
_CAS = re.compile(
    r"\bCAS\b(?:\s(?:RN|registry|number|numbers|no\.?|No\.?|n°|nº|numéro|número))*[\s:#®]{0,3}(\d{2,7})-(\d{2})-(\d)(?![\w-])"
)


def cas_is_valid(number: str) -> bool:
    """Return whether a CAS number such as "50-78-2" has the right check digit.

    The check digit is the sum of the other digits, each times its place from the right, modulo 10 (CAS, "Check Digit
    Verification of CAS Registry Numbers").
    """
    *digits, check = map(int, number.replace("-", ""))
    return sum(place * digit for place, digit in enumerate(reversed(digits), start=1)) % 10 == check


def public_numbers(text: str) -> list[tuple[int, int]]:
    """Return where a text has numbers of public registers, with the registers' names, as (start, end)."""
    spans = [match.span() for match in _PUBLIC.finditer(text)]
    substances = (match for match in _CAS.finditer(text) if cas_is_valid("-".join(match.groups())))
    return sorted([*spans, *(match.span() for match in substances)])
