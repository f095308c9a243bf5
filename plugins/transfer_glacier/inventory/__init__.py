"""A vault's inventory: read as a stream, and compared with a journal.

``listed`` has the values, ``json_form`` and ``csv_form`` understand the two forms in which Glacier gives it, bit by
bit, and ``reading`` chooses between them. ``compare`` tells in what an inventory and a journal differ, once ``ordered``
has put the former into the order of ids, and ``repair`` what to append to the journal; ``naming`` gives archives their
names, and ``founding`` makes a journal where there is none.
"""
