"""Why appointments are given up or moved: codes from a short list, never anybody's words."""

from typing import Literal

PatientReason = Literal[
    "ill", "busy", "no_longer_needed", "other_clinic", "other", "unspecified", "patient-by-reply"
]
"""What patients may give; `unspecified` where nobody asked, `patient-by-reply` where the answer was a message."""

StaffReason = Literal[
    "patient_asked",
    "ill",
    "busy",
    "no_longer_needed",
    "other_clinic",
    "clinic",
    "duplicate",
    "other",
    "unspecified",
]
"""What staff may give: the patient's reason as they heard it, or the clinic's own."""
