"""What keys and ranges cannot say of a tower: one rule a function, one theme a file."""
