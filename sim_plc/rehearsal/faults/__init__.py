"""What goes wrong in a rehearsal: an alphabet of faults, scripts drawn from it by the seed, and what plays them.

Each file of a class of faults holds its letters and what each does to the world. `alphabet` names them all.
"""
