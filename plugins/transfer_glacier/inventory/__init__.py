"""A vault's inventory: read as a stream, and compared with a journal.

``listed`` has the values, ``json_form`` and ``csv_form`` understand the two forms in which Glacier gives it, bit by
bit, and ``reading`` chooses between them.
"""
