"""How the tests read recipients: all of a source, as readers and rejected rows."""

from pipeline.recipients import Batch, open_source

FIELDS = {
    "email": "text",
    "first_name": "text",
    "city": "text",
    "token": "token",
    "home": "url",
    "joined": "date",
    "topics": "list",
}


def write(folder, content, name="people.csv"):
    """A file with this content: bytes as they are, text as UTF-8."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def read_shards(shards, batch_size=512):
    """All readers, each as its values by field, and all rejected rows."""
    readers, rejected = [], []
    for shard in shards:
        for one in shard.read(batch_size):
            if isinstance(one, Batch):
                assert one.emails and all(len(column) == len(one.emails) for column in one.columns.values())
                assert one.columns["email"] is one.emails and tuple(one.columns) == shard.columns
                rows = zip(*one.columns.values(), strict=True)
                readers += [dict(zip(one.columns, row, strict=True)) for row in rows]
            else:
                rejected.append(one)
    return readers, rejected


def read(name, fields=FIELDS, *, size=1000, **options):
    with open_source(name, fields, **options) as source:
        return read_shards(source.shards(size))


def told(rejected):
    return [(one.row, one.reason) for one in rejected]
