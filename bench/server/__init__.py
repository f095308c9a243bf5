"""A light S3 server for the bench: objects in memory, nothing checked that a client could not tell.

It is there to be in nobody's way. It verifies and keeps what AWS would (MD5 ETags, Content-MD5, CRC64NVME of
whole objects), and checks no signature. ``connection`` is HTTP/1.1, ``service`` decides what a request is,
``objects``, ``uploads`` and ``listing`` answer it, ``bodies`` looks at bytes, ``buckets`` holds them.
"""
