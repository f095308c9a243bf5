"""``--processes N``: steps are carried out by worker processes; this one plans, keeps the checkpoint and tells.

``crew`` deals steps out, ``hand`` is one worker as the crew sees it, ``spawn`` starts and ends
its process. In the worker, ``worker`` carries steps out as a single process would: its journal
(``remote_journal``), its limits (``remote_limits``) and its log (``logs``) are ends of the
``channel`` to the crew. ``messages`` are what passes through it, ``codec`` their bytes.
Secrets pass through it too, and nowhere else: no command line, no environment.
"""
