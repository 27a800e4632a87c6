"""A recorded run lived through again: the daemon of now, in virtual time, before the tower and the people of then."""
