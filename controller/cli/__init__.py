"""Sub-commands of `cartower`."""
