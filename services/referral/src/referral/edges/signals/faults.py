"""What can be wrong with a signal beyond what can be wrong with any body."""

from typing import Final

from chassis.faults import Kind

WITHOUT_RECORD: Final = Kind(
    "signal_without_record",
    422,
    "The signal only points to what has changed. Send it with the Patient record of PDS as its data.",
    "required",
)
OTHER_PATIENT: Final = Kind(
    "signal_other_patient", 422, "The record is of another NHS number than the subject.", "value"
)
NO_SIGNAL: Final = Kind(
    "signal_structure", 422, "This is no signal: a Bundle of type history is expected.", "structure"
)

KINDS: Final = (WITHOUT_RECORD, OTHER_PATIENT, NO_SIGNAL)
