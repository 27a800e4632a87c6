"""The minutes around a fault, as the daemon saw them: kept in memory, written when something goes wrong."""
