"""Which car moves next: times of cycles, bounds, the planner, what is promised, what a slot holds."""
