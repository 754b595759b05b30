"""All FHIR addresses."""

from fastapi import APIRouter

from referral.edges.fhir import resources, searches

router = APIRouter()
router.include_router(resources.router)
router.include_router(searches.router)
