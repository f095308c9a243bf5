"""A vault's journal: which archives it has, under which names. mtglacier's file, byte for byte."""

from transfer_glacier.journal.journal import Journal
from transfer_glacier.journal.names import fault_of
from transfer_glacier.journal.records import Created, Deleted, Known, Record, RetrieveJob, Totals

__all__ = ["Created", "Deleted", "Journal", "Known", "Record", "RetrieveJob", "Totals", "fault_of"]
