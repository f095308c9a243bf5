"""What a vault tells of its jobs, by way of a topic of SNS, to a queue of SQS.

``address`` is where the queue is, ``message`` understands what is in it, ``queue`` sends it requests, ``errors`` says
what its failures mean, and ``notices`` waits for what is told of one vault.
"""
