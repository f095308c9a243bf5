"""Stores whose protocol is REST with XML documents: S3, and those that took after it.

A plugin says in a :class:`~transfer.restxml.dialect.Dialect` how its provider differs, signs by a
:class:`~transfer.restxml.client.Signer` and finds credentials and addresses; all the rest is here.
"""
