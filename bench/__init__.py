"""``python -m bench``: this tool beside rclone, s5cmd and curl, with servers on this machine.

``rows`` says what is moved, on which ``ground``, and what is to be reached; ``contestants`` by whom and with which
flags. ``staging`` puts up a ``stage``: our own light ``server`` on cores of its own, a link of its own (``wan``), trees
and buckets. ``measure`` runs one process and takes its figures, ``judge`` looks at what arrived, ``race`` brings them
together. ``figures`` compares, ``targets`` tells what is met; ``records`` keeps it, ``results`` writes it up.
"""
