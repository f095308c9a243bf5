"""One run from its URLs to its result: where planner, checkpoint, scheduler and pipeline meet.

``sides`` opens and checks both stores; ``listing`` makes ordered pages of them; ``run`` plans
and moves; ``deleting`` ends with what the source no longer has; ``named`` is for sources
that are not listed.
"""
