"""The daemon: what happens and when."""
