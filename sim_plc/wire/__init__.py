"""How stations are asked: the Modbus application protocol V1.1b3 over TCP (V1.0b) and over serial lines (V1.02).

It speaks from the specification alone and shares no code with the other end: a mistake of either is seen.
"""
