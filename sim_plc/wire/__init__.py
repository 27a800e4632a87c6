"""How stations are asked: the Modbus application protocol V1.1b3 over TCP (V1.0b) and over serial lines (V1.02)."""
