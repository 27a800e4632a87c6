"""What can be told and done about a tower's own files without its daemon, or beside it."""

from controller.cli.offline.check import check_journal
from controller.cli.offline.check_traces import check_traces

__all__ = ["check_journal", "check_traces"]
