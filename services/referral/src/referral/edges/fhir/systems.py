"""The names of code systems, identifier systems and extensions that we read and write."""

from typing import Final

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
UBRN: Final = "https://fhir.nhs.uk/Id/UBRN"
ODS: Final = "https://fhir.nhs.uk/Id/ods-organization-code"
ODS_SITE: Final = "https://fhir.nhs.uk/Id/ods-site-code"
SNOMED: Final = "http://snomed.info/sct"

MESSAGE_EVENTS: Final = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
MESSAGE_REASONS: Final = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
MESSAGE_CATEGORIES: Final = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest"

E_RS_PRIORITIES: Final = frozenset(
    {
        "https://fhir.nhs.uk/CodeSystem/eRS-Priority",
        "https://fhir.nhs.uk/STU3/CodeSystem/eRS-Priority-1",
    }
)
E_RS_PRIORITY: Final = (
    "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-eRS-ReferralPriority-1"
)
E_RS_PATHWAY_START: Final = (
    "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-eRS-eReferralPathwayStart-1"
)
SOURCE_OF_SERVICE_REQUEST: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest"
)
UK_CORE_SERVICE_REQUEST: Final = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-ServiceRequest"

# UK Core carries treatment functions as practice settings; our own system is for nothing else.
OWN: Final = "https://fairwait.example/fhir"
OWN_TREATMENT_FUNCTION: Final = f"{OWN}/CodeSystem/treatment-function"
TREATMENT_FUNCTIONS: Final = frozenset(
    {
        "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode",
        "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCodeEngland",
        OWN_TREATMENT_FUNCTION,
    }
)

# A PATIENT PATHWAY IDENTIFIER that is no UBRN; `assigner` names the organisation that issued it.
OWN_PATHWAY: Final = f"{OWN}/Id/patient-pathway-identifier"

# Extensions of ServiceRequest for what R4 has no element for. Values as in the NHS Data Dictionary.
EXT_TREATMENT_FUNCTION: Final = f"{OWN}/StructureDefinition/treatment-function"  # valueCode
EXT_SOURCE: Final = f"{OWN}/StructureDefinition/source-of-referral"  # valueCode
EXT_RECEIVED_ON: Final = f"{OWN}/StructureDefinition/received-on"  # valueDate
EXT_CATEGORY: Final = f"{OWN}/StructureDefinition/administrative-category"  # valueCode
EXT_CIRCUMSTANCE: Final = f"{OWN}/StructureDefinition/circumstance"  # valueCode, repeats
EXT_TRAVEL_LIMIT: Final = f"{OWN}/StructureDefinition/travel-limit-miles"  # valuePositiveInt
EXT_COMMISSIONER: Final = f"{OWN}/StructureDefinition/commissioner"  # valueCode, ODS

REFERRAL: Final = "3457005"  # SNOMED CT: patient referral

# ---- appointments

UK_CORE_APPOINTMENT: Final = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Appointment"
DELIVERY_CHANNEL: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel"
)
OUTCOME_OF_ATTENDANCE: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-OutcomeOfAttendance"
)
OUTCOMES_OF_ATTENDANCE: Final = (
    "https://fhir.hl7.org.uk/CodeSystem/UKCore-OutcomeOfAttendanceEngland"
)
REQUEST_STATUS: Final = (
    "https://fhir.nhs.uk/StructureDefinition/Extension-Appointment-RequestStatus"
)
PENDING_RESCHEDULE: Final = "Pending Reschedule"
DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

APPOINTMENT_REASONS: Final = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
E_RS_CANCELLATION: Final = "https://fhir.nhs.uk/STU3/CodeSystem/APPOINTMENT-CANCELLATION-REASON"
E_RS_NON_ATTENDANCE: Final = "https://fhir.nhs.uk/STU3/CodeSystem/APPOINTMENT-NON-ATTENDANCE-REASON"

OWN_APPOINTMENT: Final = f"{OWN}/Id/appointment"  # the provider's own name of it

# Extensions of Appointment, ServiceRequest and Task for what was done, by whom, when and why.
EXT_DONE_BY: Final = f"{OWN}/StructureDefinition/done-by"  # valueCode: patient, provider
EXT_DONE_ON: Final = f"{OWN}/StructureDefinition/done-on"  # valueDate
EXT_REASON: Final = f"{OWN}/StructureDefinition/reason"  # valueCode of e-RS
EXT_CLINICAL: Final = f"{OWN}/StructureDefinition/cancellation-reason"  # valueCode 01, 02
EXT_ACCEPTED_ON: Final = f"{OWN}/StructureDefinition/accepted-on"  # valueDate
EXT_OFFERED_ON: Final = f"{OWN}/StructureDefinition/offered-on"  # valueDate
EXT_FIRST_ATTENDANCE: Final = f"{OWN}/StructureDefinition/first-attendance"  # valueCode 1 to 4
EXT_ATTENDANCE: Final = f"{OWN}/StructureDefinition/attendance"  # valueCode 3, 5, 6, 7
EXT_RTT_STATUS: Final = f"{OWN}/StructureDefinition/rtt-status"  # valueCode

# What has to be so that a clock is nullified, or a patient discharged, after non-attendance.
EXT_CONDITIONS: Final = {
    f"{OWN}/StructureDefinition/{name.replace('_', '-')}": name  # valueBoolean
    for name in (
        "clearly_communicated",
        "discharged",
        "not_against_clinical_interest",
        "under_published_policy",
        "vulnerable_protected",
    )
}

# ---- tasks

TASK_CODES: Final = "http://hl7.org/fhir/CodeSystem/task-code"
CHANGE: Final = "change"  # the focal appointment
FULFILL: Final = "fulfill"  # the focal referral, by the owner: a transfer
UK_CORE_TASK: Final = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Task"
OWN_TASK: Final = f"{OWN}/Id/task"  # the sender's own name of it
TRANSFER_REASONS: Final = f"{OWN}/CodeSystem/transfer-reason"  # 01, 02, 03, 98, 99
TRANSFER_STATES: Final = f"{OWN}/CodeSystem/transfer-state"
TASK_PARTS: Final = f"{OWN}/CodeSystem/task-part"  # what an input or an output is
