"""Days of a tower on the model of travel: what is bought with a room, a lift or a dispatch rule, before steel is."""
