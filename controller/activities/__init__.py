"""What happens inside states, on the drivers."""
