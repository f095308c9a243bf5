"""``transfer demo``: a whole migration on this machine, disk to S3, to another S3, and back to disk.

``tree`` makes the awkward files, ``stage`` starts the servers in surroundings of their own, ``worker``
runs and kills the command line, ``evidence`` asks servers and checkpoints what a kill left
and what a leg did, ``compare`` looks at both trees by itself, ``display`` prints.
"""

from transfer.demo.performance import main

__all__ = ["main"]
