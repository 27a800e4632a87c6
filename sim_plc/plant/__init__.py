"""Physics of the tower: state is a function of elapsed time."""
