"""A long, thin, lossy link of the bench's own, between two network namespaces."""
