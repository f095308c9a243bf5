"""Reads one long listing with several requests at once, and tells it in order.

Two pure modules decide: ``scale`` makes numbers of keys, as far apart as the keys seen so far
suggest, and ``shards`` says where another lister can begin. ``reading`` does the listing.
"""
