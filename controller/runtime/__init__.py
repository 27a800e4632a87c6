"""The control task and what feeds it."""
