"""What proves that a rehearsal can see bugs: safeguards, taken away one by one, each of which must be missed.

The product has no switch for any of this. An ablation swaps a function, method or constant of it for one without the
safeguard while one run lasts. `catalogue` names them all.
"""
