"""Whole tower, daemon and customers in virtual time."""
