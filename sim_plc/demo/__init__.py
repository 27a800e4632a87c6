"""The demonstration: plant and daemon as processes of their own, a day's orders, and what became of them."""
