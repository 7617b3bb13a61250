"""Long numbers that nothing names: "any other unique identifying number" of 45 CFR 164.514(b)(2)(i)(R).

A run of seven digits or more is rarely medicine. What is: an amount, which a unit follows; a range ("1000-1500"); and
the number of a paper, a trial, a substance or a gene, which its register's name precedes.
"""

from __future__ import annotations

from medpipe.core.safety.identifiers.writing import Identifier

_REGISTERS = (
    r"PMID|PMCID|PMC|DOI|ISBN|ISSN|ISRCTN|NCT|CTRI|OMIM|MIM|CAS|ORPHA|GeneID|UMLS|CUI|SNOMED|LOINC|EudraCT|arXiv|EC"
)
_AMOUNT = (
    r"(?!\s?(?:[%€$£×]|x\s?10|(?i:IU|UI|U|units?|unités?|cop(?:y|ies)|copias|cells?|cellules?|células|CFU|UFC|bact\w*|spores?|virions?"
    r"|parti\w+|molecules?|molécules?|[kmµn]?g|[mµ]?l|dollars?|euros?|USD|EUR|patients?|people|persons?|personnes|personas|women|men"
    r"|femmes|hommes|children|enfants|births?|naissances|deaths?|décès|cases?|cas|habitants?|inhabitants|reads?|SNPs?|bp|base\b"
    r"|records?|participants?|subjects|sujets|individuals|years?|ans|per|par)\b|/\s?(?:[mµ]|\d)))"
)

_NOT_OF_A_REGISTER = rf"(?<![\w./,+*:@-])(?<!\b(?i:{_REGISTERS})[\s:#n°.]{{0,4}})"
_ENDS = rf"(?!-?\w|[.,:/]\d){_AMOUNT}"
_RANGE = r"(?:1[5-9]|20)\d\d-(?:1[5-9]|20)\d\d\b|\d+0-\d+0\b"
"""Years, and round numbers: "1000-1500"."""

CODES = (
    Identifier(
        "CODE",
        "long number",
        rf"{_NOT_OF_A_REGISTER}(?:(?!NCT|PMC|GSE|[SE]R[RXP])[A-Z]{{1,3}}-?\d{{8,14}}|\d{{7,16}}){_ENDS}",
    ),
    Identifier(
        "CODE",
        "number in parts",
        rf"{_NOT_OF_A_REGISTER}(?=(?:[A-Z-]*\d){{7}})(?!{_RANGE})(?:[A-Z]{{1,4}}-)?\d{{2,8}}(?:-\d{{2,8}}){{1,3}}{_ENDS}",
    ),
)
