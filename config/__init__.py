"""What a tower is."""
