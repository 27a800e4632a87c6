"""Many seeds in a row: run side by side, kept as they end, gone on with later, judged as one."""
