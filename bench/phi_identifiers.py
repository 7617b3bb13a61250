"""Identifiers of invented people, correct in form, in English, French and Spanish."""

from __future__ import annotations

import random
from collections.abc import Callable

GIVEN = {
    "en": "Ruth Jacob Emily Deshawn Mei Priya Oliver Grace Noah Siobhan Walter Aaliyah Ibrahim Jo-Anne".split(),
    "fr": "Camille Lucas Mireille Jean-Pierre Aïcha Chloé Étienne Maëlys Ousmane Hélène Léa Gaël".split(),
    "es": "Lucía Mateo Inés Joaquín Ximena Íñigo María Nuria Álvaro Guadalupe Santiago Begoña".split(),
}
FAMILY = {
    "en": "Calder O'Brien Nguyen Whitfield McAllister Okafor Patel Brandt-Lowe Ziegler Rosales Kim Dunn".split(),
    "fr": ["Lefèvre", "Dubois", "N'Diaye", "Moreau-Petit", "de Villiers", "Benali", "Garnier", "Le Goff", "Roux"],
    "es": ["García López", "Ortega", "de la Fuente", "Núñez", "Echeverría Sanz", "Peña", "Vidal", "Quispe"],
}
CITIES = {
    "en": "Springfield Dayton Boise Tucson Albany".split(),
    "fr": "Nantes Lyon Grenoble Brest Rennes".split(),
    "es": "Sevilla Zaragoza Murcia Gijón Burgos".split(),
}
STREETS = {
    "en": ["Maple Street", "West Cedar Avenue", "Old Mill Rd", "Lincoln Blvd"],
    "fr": ["rue de la Gare", "avenue Jean Jaurès", "boulevard Voltaire", "chemin des Lilas"],
    "es": ["Calle Mayor", "Avenida de la Constitución", "Plaza Nueva", "Calle Serrano"],
}


def _digits(chosen: random.Random, pattern: str) -> str:
    return "".join(
        chosen.choice("23456789")
        if letter == "#"
        else chosen.choice("ABCDEFGHJKMNPRTUVWXY")
        if letter == "A"
        else letter
        for letter in pattern
    )


def _name(chosen: random.Random, language: str) -> str:
    return f"{chosen.choice(GIVEN[language])} {chosen.choice(FAMILY[language])}"


def _address(chosen: random.Random, language: str) -> str:
    number, street, city = chosen.randint(2, 980), chosen.choice(STREETS[language]), chosen.choice(CITIES[language])
    return {
        "en": f"{number} {street}, {city}, OH 4{_digits(chosen, '####')}",
        "fr": f"{number} {street}, 4{_digits(chosen, '####')} {city}",
        "es": f"{street}, {number}, 4{_digits(chosen, '####')} {city}",
    }[language]


def _date(chosen: random.Random, language: str) -> str:
    day, month, year = chosen.randint(1, 28), chosen.randint(1, 12), chosen.randint(1931, 2024)
    names = {
        "en": "January March April June October",
        "fr": "janvier mars avril juin octobre",
        "es": "enero marzo abril junio octubre",
    }[language].split()
    written = {
        "en": f"{chosen.choice(names)} {day}, {year}",
        "fr": f"{day} {chosen.choice(names)} {year}",
        "es": f"{day} de {chosen.choice(names)} de {year}",
    }[language]
    return chosen.choice([f"{day:02}/{month:02}/{year}", f"{year}-{month:02}-{day:02}", written])


PHONES = {
    "en": ["614-2##-####", "(303) 2##-####", "+1 415 2## ####", "212.2##.####"],
    "fr": ["06 ## ## ## ##", "01.42.##.##.##", "+33 6 ## ## ## ##"],
    "es": ["612 ### ###", "91 5## ## ##", "+34 612 ### ###"],
}


def _phone(chosen: random.Random, language: str) -> str:
    return _digits(chosen, chosen.choice(PHONES[language]))


def _national(chosen: random.Random, language: str) -> str:
    if language == "fr":
        number = (
            f"{chosen.choice('12')}{chosen.randint(31, 99)}{chosen.randint(1, 12):02}{chosen.randint(10, 95)}"
            f"{_digits(chosen, '######')}"
        )
        return (
            f"{number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:]} "
            f"{97 - int(number) % 97:02}"
        )
    number = _digits(chosen, "########")
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[int(number) % 23]}"


SECRETS: dict[str, Callable[[random.Random, str], str]] = {
    "NAME": _name,
    "ADDRESS": _address,
    "DATE": _date,
    "PHONE": _phone,
    "NATIONAL_ID": _national,
    "CITY": lambda chosen, language: chosen.choice(CITIES[language]),
    "AGE": lambda chosen, language: str(chosen.randint(91, 104)),
    "EMAIL": lambda chosen, language: f"{_digits(chosen, 'AAAAA').lower()}.{chosen.randint(10, 99)}@mail.example.com",
    "SSN": lambda chosen, language: f"5{_digits(chosen, '##-##-####')}",
    "MRN": lambda chosen, language: _digits(chosen, chosen.choice(["#######", "AA-######", "##-##-##-#", "A########"])),
    "HEALTH_PLAN": lambda chosen, language: _digits(
        chosen, chosen.choice(["AAA#########", "##########", "A##-###-###"])
    ),
    "ACCOUNT": lambda chosen, language: _digits(chosen, chosen.choice(["########", "####-#####", "############"])),
    "LICENSE": lambda chosen, language: _digits(chosen, chosen.choice(["AA#######", "A###-####", "########"])),
    "VEHICLE": lambda chosen, language: _digits(chosen, chosen.choice(["AA-###-AA", "#### AAA", "AAA####"])),
    "DEVICE": lambda chosen, language: _digits(chosen, chosen.choice(["AA######A", "##-######", "A#A######"])),
    "URL": lambda chosen, language: f"https://blog.example.org/{_digits(chosen, 'AAAAA##').lower()}",
    "IP": lambda chosen, language: ".".join(str(chosen.randint(20, 250)) for _ in range(4)),
}
"""Kind of identifier → a function that makes one, from a random generator and a language."""
