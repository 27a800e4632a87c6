"""PLCs and the steel around them, in software."""
