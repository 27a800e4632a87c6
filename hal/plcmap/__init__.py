"""The contract with the PLCs: registers, codes, codec, version."""
