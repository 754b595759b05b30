"""The decisions of the referral service, as pure functions over values."""
