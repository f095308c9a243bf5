"""Moves one object: read, check, write, prove.

``mover`` chooses the way (``whole``, ``multipart``, ``server_side``) and records the end;
``inspect`` looks closer where the plan could not tell; ``carry`` maps metadata; ``proof``
holds the pure decisions about checksums. Input of unknown length is :mod:`transfer.streams`'s.
"""
