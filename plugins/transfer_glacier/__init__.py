"""``glacier://vault``: Amazon Glacier's vaults."""
