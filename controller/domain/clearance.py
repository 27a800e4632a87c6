"""Who may clear a fault or an alarm, and where."""

from enum import StrEnum


class Clearance(StrEnum):
    """Who may clear it, and where."""

    ITSELF = "passes by itself"
    CUSTOMER = "customer in the room"
    OPERATOR = "operator, from anywhere"
    OPERATOR_ON_SITE = "operator, at the tower"
    TECHNICIAN = "technician, at the tower"
    ENGINEER = "engineer, at the tower"
