"""Vital signs are read in every common form and unit, and scored by age and pregnancy."""

from __future__ import annotations

import pytest

from medpipe.core.safety.patient import patient_of
from medpipe.core.safety.vital_readings import readings_of
from tests.policies import RED_FLAGS


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [
        ("BP 80/50", "systolic", 80),
        ("blood pressure is 76 over 40", "systolic", 76),
        ("tension a 7/4", "systolic", 70),
        ("TA: 172/114", "diastolic", 114),
        ("tension a 7/4", "diastolic", 40),
        ("BP 150/28", "diastolic", 28),
        ("PA 95/60 mmHg", "systolic", 95),
        ("HR 128", "pulse", 128),
        ("190 battements par minute", "pulse", 190),
        ("pulso 34", "pulse", 34),
        ("RR: 34", "respirations", 34),
        ("respira 40 veces por minuto", "respirations", 40),
        ("SpO2 84%", "saturation", 84),
        ("sats 86 on air", "saturation", 86),
        ("Temp 105.8 F", "temperature", 41),
        ("T 31,2", "temperature", 31.2),
        ("38,6 de fievre", "temperature", 38.6),
        ("glucose 36 mg/dL", "glucose", 2),
        ("meter shows 1.9", "glucose", 1.9),
        ("glycemie 0,45 g/l", "glucose", 2.5),
        ("cetonas 5,6", "ketones", 5.6),
        ("GCS 11/15", "consciousness", 11),
        ("E3V4M5", "consciousness", 12),
    ],
)
def test_a_vital_sign_is_read_in_its_unit(text: str, sign: str, value: float) -> None:
    assert (sign, pytest.approx(value)) in [(reading.sign, reading.value) for reading in readings_of(text)]


def test_a_low_diastolic_pressure_is_not_taken_for_centimetres() -> None:
    assert [reading.value for reading in readings_of("BP 150/12") if reading.sign == "diastolic"] in ([], [12])


@pytest.mark.parametrize(
    "text", ["She sat 45 minutes.", "in 24 hr 40 cases", "pas 30 comprimes", "room 80/50", "weighs 38.5 kg", "5 days"]
)
def test_other_numbers_are_no_vital_signs(text: str) -> None:
    assert readings_of(text) == []


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("A 5-week-old baby", 5 * 7 / 365),
        ("Mon bebe a 5 semaines", 5 * 7 / 365),
        ("nino de dos anos", 2),
        ("67M with pain", 67),
        ("58 y/o male", 58),
        ("H 67 ans", 67),
        ("a newborn", 0.05),
        ("he hurts", 18),
    ],
)
def test_the_age_of_a_person_is_read(text: str, years: float) -> None:
    assert patient_of(text).years == pytest.approx(years)


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("Pulse 150.", True),
        ("My 6-month-old baby has a pulse of 150.", False),
        ("My 6-month-old baby has a pulse of 165.", True),
        ("BP 165/100.", False),
        ("She is pregnant, BP 165/100.", True),
        ("BP 98/60, HR 118, RR 22, T 38.4.", True),
        ("BP 98/60, HR 80, RR 16.", False),
        ("A 2-month-old with 38.1 °C.", True),
        ("A 2-year-old with 38.1 °C.", False),
        ("Glucose 600 mg/dL.", True),
    ],
)
def test_the_limits_depend_on_age_pregnancy_and_the_sum_of_scores(text: str, urgent: bool) -> None:
    assert bool(RED_FLAGS.found(text)) == urgent
