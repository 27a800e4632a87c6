"""State tables, declarative."""
