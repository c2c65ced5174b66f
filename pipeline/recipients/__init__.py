"""The people of one send, from a file, standard input or a database, cleaned and in batches."""

from pipeline.recipients.batch import Batch, Rejected
from pipeline.recipients.source import Shard, Source, open_batches, open_source

__all__ = ["Batch", "Rejected", "Shard", "Source", "open_batches", "open_source"]
