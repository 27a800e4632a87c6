"""Pictures of a tower and of a run, as SVG."""
