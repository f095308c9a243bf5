"""``transfer glacier``: what only vaults have. Each command is imported when it is called."""

from transfer.cli.group import Lazy

_VAULTS = "transfer_glacier_cli.vaults"
_JOBS = "transfer_glacier_cli.jobs"

glacier = Lazy(
    name="glacier",
    help="Vaults of Amazon Glacier: their inventories, journals and jobs, checks, prices and purges.",
    epilog="URLs: glacier://vault/prefix, or REMOTE://vault/prefix with a remote of the type glacier.",
    modules={
        "vaults": (_VAULTS, "List the vaults of an account."),
        "create": (_VAULTS, "Make a vault."),
        "delete": (_VAULTS, "Delete an empty vault."),
        "inventory": ("transfer_glacier_cli.inventory", "Ask for a vault's inventory, and fetch it."),
        "journal": ("transfer_glacier_cli.journal", "Make a vault's journal, check it and repair it."),
        "jobs": (_JOBS, "List a vault's jobs."),
        "uploads": (_JOBS, "List a vault's unfinished uploads, and abort them."),
        "purge": ("transfer_glacier_cli.purge", "Delete archives, by filter or by report."),
        "check": ("transfer_glacier_cli.check", "Compare files with a journal; needs no account."),
        "estimate": ("transfer_glacier_cli.estimate", "Tell what retrievals and deletions will cost."),
    },
)
