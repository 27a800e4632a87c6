"""Days of the small tower: two cars of one model, and people who hurry."""


def hurried(title: str) -> str:
    """Return the beginning of a day's file; orders may follow."""
    return f"""
title = "{title}"
tower = "small"

[habits]
drive_s = 0.8
leave_s = 0.8
dwell_s = 0.8

[model.aster]
title = "Aster"
length_mm = 3620
width_mm = 1810
height_mm = 1490
weight_kg = 1010

[[car]]
id = "A1"
model = "aster"
place = 202

[[car]]
id = "A2"
model = "aster"
place = 103
"""
