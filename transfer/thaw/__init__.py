"""The arithmetic of asking for cold objects: how much, which, in what pieces, and when to look. Pure.

``allowance`` says how many bytes may be asked for now, and when more; ``ranges`` cuts what is too large for one
request; ``waves`` chooses what to ask for next, so that all of it can be copied while it is readable; ``polls`` says
when to look again. Nobody here reads a clock: ``now_ns`` is always given.
"""
