"""What is AWS's own, whichever of its services is asked: credentials, profiles, variables, endpoints.

Built on :mod:`transfer.restxml` for what all sources of access keys have in common.
"""
