"""What can be told and done about a tower's own files without its daemon, or beside it."""

from controller.cli.offline.check import check_journal

__all__ = ["check_journal"]
