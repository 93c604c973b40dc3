"""Rows of people: sealed cards and charts, the keyed indexes they are found by, earlier versions and notes."""

from patient_profile.tables.people.finding import (
    lock_patient,
    patient,
    patients_at_once,
    patients_by_id,
    patients_by_phone,
    patients_by_words,
)
from patient_profile.tables.people.indexes import name_index, put_indexes, word_indexes
from patient_profile.tables.people.provisional import due_patients, make_real, put_off_sweep, sweep
from patient_profile.tables.people.remarks import add_note, notes_of
from patient_profile.tables.people.sealing import CARD, alerts_of, card_of, patient_of
from patient_profile.tables.people.writing import insert_at_once, insert_patient, update_patient

__all__ = [
    "CARD",
    "add_note",
    "alerts_of",
    "card_of",
    "due_patients",
    "insert_at_once",
    "insert_patient",
    "lock_patient",
    "make_real",
    "name_index",
    "notes_of",
    "patient",
    "patient_of",
    "patients_at_once",
    "patients_by_id",
    "patients_by_phone",
    "patients_by_words",
    "put_indexes",
    "put_off_sweep",
    "sweep",
    "update_patient",
    "word_indexes",
]
