"""Referrals, the RTT clock, the choice right, appointments and their outcomes."""
