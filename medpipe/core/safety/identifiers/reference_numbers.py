"""Numbers of records, plans, accounts, licences, vehicles, devices and persons.

Only the words before them tell them apart from doses, years and laboratory values.
"""

from __future__ import annotations

from medpipe.core.safety.identifiers.writing import Identifier, any_of

# Between the words and the number; the number itself; the ways to write "number".
_GAP = r"(?:\s|(?i:is|was|est|es|le|el|la|the|end(?:s|ing)\s(?:in|with))\b|[:=#.°º-])*"
_CODE = r"(?=[\w./-]*\d)[A-Z0-9](?:[A-Z0-9]|[./-](?=[A-Z0-9])|\s(?=[A-Z]{0,4}\d)){3,19}(?![A-Za-z0-9])"
_NO = r"(?:number|no\b\.?|num\b\.?|nr\b\.?|#|id\b|n\.?[°ºo]\b?\.?|num[eé]ro|número)"


_LONG = r"(?=(?:[A-Z]{0,4}[./\s-]?\d){5})"
"""At least five digits. Nouns that also stand before other numbers ("case 12") ask for them."""


def number_after(kind: str, name: str, *words: str, least: str = "") -> Identifier:
    """A number of at least four characters, one of them a digit, after one of the words. `least` asks for more."""
    before = rf"\b{any_of(*words)}{_GAP}"
    # long numbers are rare, so the words are looked for only before one
    return Identifier(kind, name, rf"\b{least}(?<={before}){_CODE}" if least else rf"{before}\K{_CODE}")


NUMBERS = (
    number_after(
        "MRN",
        "record number",
        "MRN",
        "MR ?#",
        f"(?:file|record|registration|reference|identification) ?{_NO}",
        f"(?:medical|patient|clinic|hospital|health) ?records? ?{_NO}?",
        f"(?:patient|chart|hospital|clinic|case|unit|encounter|visit|admission|specimen|accession|sample|lab(?:oratory)?"
        f"|account of|stay|episode) ?(?:reference|ref\\.?)? ?{_NO}",
        "(?:chart|accession|PID|lab(?:oratory)? reference)",
        f"(?:filed|records?|stored|registered) under(?: the)?(?: ?{_NO})?",
        f"(?:patient|clinic|hospital) {_NO}(?: (?:at|in|of|from) (?:the|your|our|my) \\w+)?",
    ),
    number_after(
        "MRN",
        "paper",
        f"(?:requisition|request|order|report|referral|barcode|bar code|label|prescription|rx|booking"
        f"|appointment|ticket"
        f"|registration|reference|ref|folder|archive|claim|tube|slide|biopsy|blood bag|study|scan|x-?ray) ?{_NO}",
        f"(?:case|episode|encounter|visit|admission|stay|specimen|sample|requisition|referral|folder|file|record|ref\\.?"
        f"|reference|registration|barcode|tube|slide|unit|lab)(?: ?{_NO})?",
        f"(?:réquisition|demande|ordonnance|compte[- ]rendu|courrier|étiquette|code[- ]barres|examen|analyse|tube|lame"
        f"|biopsie|poche|référence|réf|enregistrement|archive|passage|venue|visite|séjour|admission|hospitalisation"
        f"|épisode|consultation|prélèvement|échantillon|bon|bulletin|identifiant|dossier|NDA|IEP"
        f"|NIP)\\b\\.?(?: ?{_NO})?",
        f"(?:solicitud|petición|informe|muestra|referencia|ref|etiqueta|receta|episodio|ingreso|visita|consulta|expediente"
        f"|volante|cama)\\b\\.?(?: ?{_NO})?",
        least=_LONG,
    ),
    number_after(
        "MRN",
        "numéro de dossier",
        r"I\.?P\.?P\b\.?",
        "NIP",
        f"dossier(?: (?:médical|patient|clinique))? ?{_NO}?",
        f"{_NO} (?:de |du |d['’])?(?:patient|séjour|admission|hospitalisation|consultation)",
        "identifiant (?:patient|permanent)",
        f"{_NO} (?:de |du |d['’])?(?:patiente?|dossier|séjour|malade)"
        f"(?: (?:à|au|dans|de) (?:(?:la|votre|notre|l['’]) ?)?\\w+)?",
        f"(?:classée?|enregistrée?|archivée?)s? sous(?: le)?(?: ?{_NO})?",
        f"(?:cas|fiche|épisode|séjour|prélèvement|échantillon|réf\\.? ?dossier) ?{_NO}?",
    ),
    number_after(
        "MRN",
        "historia clínica",
        r"N\.?H\.?C\b\.?",
        f"(?:historia(?: clínica)?|expediente) ?{_NO}?",
        f"{_NO} (?:de |del )?(?:paciente|episodio|ingreso|registro|historia|expediente)",
        f"registro ?{_NO}",
        f"{_NO} (?:de |del )?paciente(?: (?:en|de) (?:(?:la|el|su) )?\\w+)?",
        f"(?:archivad[oa]|registrad[oa])s? (?:bajo|con)(?: el)?(?: ?{_NO})?",
        f"(?:caso|ficha|episodio|ingreso|muestra) ?{_NO}?",
    ),
    number_after(
        "HEALTH_PLAN",
        "member",
        "(?:member|subscriber|policy|insurance|coverage|group|beneficiary|medicare|medicaid|health ?plan|plan)"
        f"(?: (?:policy|card|member|id))? ?{_NO}",
    ),
    number_after(
        "HEALTH_PLAN",
        "insurer",
        "(?:medicare|medicaid|tricare|blue ?(?:cross|shield)(?: blue ?shield)?|BCBS|aetna|cigna|humana"
        "|united ?health ?(?:care)?|UHC"
        "|kaiser(?: permanente)?|anthem|centene|molina|bupa|axa(?: ppp)?|aviva|vitality|CHIP|ambetter|oscar)\\b"
        f"(?: (?:plan|policy|card|member|id|coverage|insurance))* ?{_NO}?",
        f"(?:insurance|insurer|payer|payor|health ?plan|benefits?|coverage|policy(?:holder)?|subscriber"
        f"|member(?:ship)?|beneficiary"
        f"|enrol?l?ee|group|plan|(?:prior |pre-?)?authori[sz]ation|pre-?certification|claim|voucher)"
        f"(?: (?:card|policy|member|id|plan|beneficiary))? ?{_NO}?",
        f"(?:complémentaire(?: santé)?|mutuelle|assur(?:ance|eur|é)e?(?: maladie| santé)?|adhé(?:rente?|sion)"
        f"|contrat|AM[CO]|tiers[- ]payant"
        f"|(?:prise|accord de prise) en charge|bénéficiaire|ayant droit|attestation|CPAM|CNAM|MSA|MGEN|MAAF|MAIF"
        f"|harmonie|malakoff|ALD"
        f"|C2S|CMU|AME|droits|caisse|organisme|carte (?:vitale|(?:de )?mutuelle|d['’]assuré|européenne))\\b"
        f"(?:,? (?:dossier|contrat|carte|adhérent|santé|mutuelle|complémentaire))* ?{_NO}?",
        f"(?:aseguradora|seguro(?: médico| de salud)?|mutua|póliza|afiliad[oa]|beneficiari[oa]|asegurad[oa]"
        f"|sanitas|adeslas|mapfre"
        f"|asisa|DKV|muface|carné)\\b ?{_NO}?",
        least=_LONG,
    ),
    number_after("HEALTH_PLAN", "insured", "(?:insured|covered|enrolled) (?:under|by|with|in|as)"),
    number_after(
        "HEALTH_PLAN",
        "mutuelle",
        f"{_NO} ?(?:d['’]|de )?(?:adhérent|mutuelle|assuré|carte vitale|police)",
        f"(?:carte vitale|carte d['’]assurée?|mutuelle|adhérent) ?{_NO}?",
    ),
    number_after(
        "HEALTH_PLAN",
        "tarjeta sanitaria",
        f"(?:tarjeta sanitaria|póliza) ?{_NO}?",
        r"CIP\b",
        r"NUSS\b",
        f"{_NO} (?:de )?(?:afiliación|afiliad[oa]|póliza|asegurad[oa]|seguridad social|tarjeta)",
    ),
    number_after(
        "ACCOUNT",
        "account",
        rf"(?:account|acct|compte(?: bancaire)?|cuenta(?: bancaria)?)\b\.? ?{_NO}?",
        f"(?:invoice|facture|factura|billing|bank|routing|iban|customer|client|payment|savings|checking) ?{_NO}?",
        "(?:debit(?:ed)?|refund(?:ed)?|transfer(?:red)?|charged?|wired?) (?:it )?(?:to|from|by|with|into)(?: my| the)?",
        f"(?:visa|mastercard|amex|paypal|bank details|virement|prélèvement)\\b ?{_NO}?",
        "(?:card|account|acct) (?:ending|number ending)(?: in)?",
        "(?:routing|sort code)\\b",
        r"R\.?I\.?B\b\.?",
        rf"(?:card|carte(?: bancaire| bleue| de crédit)?|tarjeta)\b ?{_NO}?",
    ),
    number_after(
        "ACCOUNT",
        "bill",
        f"(?:bill|statement|receipt|payment|deposit|transaction|transfer|refund|cheque|check|order|balance"
        f"|deductible|copay) ?{_NO}?",
        f"(?:facture|quittance|reçu|paiement|règlement|chèque|virement|avoir|titre de recettes?|compte"
        f"|remboursement|débit(?:ée?)?"
        f"|solde)\\b ?{_NO}?",
        f"(?:recibo|pago|transferencia|cheque|factura|saldo)\\b ?{_NO}?",
        least=_LONG,
    ),
    number_after(
        "LICENSE",
        "license",
        rf"(?:licen[cs]e|\bD\.?L\b\.?|lic\.) ?{_NO}?",
        f"(?:certificate|board|permit|registration|GMC|NMC|passport) ?{_NO}",
        rf"(?:DEA|NPI|RPPS|ADELI)\b ?{_NO}?",
        f"(?:permis|carné|permiso)(?: de condu(?:ire|cir))? ?{_NO}?",
        f"{_NO} (?:de )?colegiad[oa]",
    ),
    Identifier(
        "VEHICLE",
        "vehicle",
        r"\b"
        + any_of(
            f"plates? ?{_NO}?",
            rf"VIN\b ?{_NO}?",
            f"(?:(?:vehicle|car|licen[cs]e|number) )?(?:reg(?:istration|istered as)?|tags?)\\b\\.? ?{_NO}?",
            "immatricul(?:ée?|ation)",
            "plaque",
            "matrícula",
        )
        + _GAP
        + r"\K(?=[\w\s-]*\d)(?=(?:[A-Z0-9][\s-]?){5})[A-Z0-9]{1,17}(?:[\s-][A-Z0-9]{1,4}){0,2}\b",
    ),
    Identifier(
        "VEHICLE",
        "plate",
        r"\b(?i:cars?|vans?|truck|lorry|vehicle|taxi|motorcycle|bike|voiture|camion|moto|véhicule|scooter|coche|camioneta)\b"
        r"[^.\n\d]{0,40}?\K\b(?:[A-Z]{2,3}[\s-]?\d{3,4}|\d[A-Z]{3}\d{3}|[A-Z]{2}\d{2}\s?[A-Z]{3}"
        r"|\d{3,4}[\s-]?[A-Z]{2,3}(?:[\s-]\d{2})?)\b",
    ),
    Identifier("VEHICLE", "plate, France", r"\b[A-Z]{2}-\d{3}-[A-Z]{2}\b"),
    number_after(
        "DEVICE", "serial number", f"serial ?{_NO}?", "S/N", f"device ?{_NO}", f"(?:{_NO} (?:de )?)?s[ée]rie", r"UDI\b"
    ),
    Identifier(
        "SSN",
        "social security",
        r"\b"
        + any_of("SSN", "SS ?#", "soc(?:ial)?(?: sec(?:urity)?)?\\b\\.?" + f"(?: {_NO})?")
        + _GAP
        + r"\K(?:\d{3}|[X*]{3})[-. ]?(?:\d{2}|[X*]{2})[-. ]?\d{4}\b",
    ),
    # The library accepts only numbers that were given out. A number of this form is nothing else, whoever has it.
    Identifier("SSN", "by its form", r"(?<![\w-])(?:\d{3}-\d{2}|[X*]{3}-[X*]{2})-\d{4}(?![\w-])", ("en",)),
    # Vehicle identification number (ISO 3779): 17 characters without I, O and Q; the last four are digits.
    Identifier("VEHICLE", "VIN", r"\b(?=\d*[A-Z])(?=[A-Z]*\d)[A-HJ-NPR-Z\d]{13}\d{4}\b"),
    Identifier(
        "NATIONAL_ID",
        "sécurité sociale",
        r"\b"
        + any_of("N.?I.?R", "sécurité sociale", "sécu", "INS")
        + r"\b\.?(?i:\s?(?:du\spatient|numéro|n°))*"
        + _GAP
        + r"\K[1-478]\s?\d{2}\s?\d{2}\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}(?:\s?\d{2})?\b",
    ),
    # Clave Única de Registro de Población: name, birth date, sex, state, name, check digit. Source: RENAPO.
    Identifier("NATIONAL_ID", "CURP", r"\b(?i:[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d)\b"),
    Identifier(
        "NATIONAL_ID",
        "DNI, NIE, passport",
        r"\b"
        + any_of("D.?N.?I", "N.?I.?[EF]", "pasaporte", "passport", "passeport")
        + rf"\b\.?(?i:\s?{_NO})?{_GAP}\K(?=[\w.-]*\d{{4}})[A-Z]?\d[\d.-]{{4,12}}[A-Z]?\b",
    ),
)
