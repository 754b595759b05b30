"""The names of code systems, identifier systems and extensions that we read and write."""

from typing import Final

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
UBRN: Final = "https://fhir.nhs.uk/Id/UBRN"
ODS: Final = "https://fhir.nhs.uk/Id/ods-organization-code"
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
