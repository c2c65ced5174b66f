"""CSV as programs export it comes back as it was meant; what isn't CSV says what it seems to be."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContentError
from pipeline.recipients import open_source
from tests.recipients.reading import FIELDS, read, read_shards, told, write

ANN = {"email": "ann@example.com", "first_name": "Zoë", "city": "Bonn, Köln"}
BOB = {"email": "bob@example.com", "first_name": "Bob", "city": ""}

EXPORTS = {
    "Excel: BOM, semicolons, CRLF": (
        "\ufeffE-Mail;First Name;City\r\nann@example.com;Zoë;Bonn, Köln\r\nbob@example.com;Bob;\r\n"
    ),
    "Excel: a line with the separator": "sep=;\r\nemail;first_name;city\r\nann@example.com;Zoë;Bonn, Köln\r\n"
    "bob@example.com;Bob;\r\n",
    "Excel: empty columns and rows around the table": "email;first_name;city;;\r\nann@example.com;Zoë;Bonn, Köln;;\r\n"
    "bob@example.com;Bob;;;\r\n;;;;\r\n",
    "LibreOffice: all text in quotation marks": '"email","first_name","city"\n"ann@example.com","Zoë","Bonn, Köln"\n'
    '"bob@example.com","Bob",\n',
    "LibreOffice: tabs": "mail\tfirst name\tcity\nann@example.com\tZoë\tBonn, Köln\nbob@example.com\tBob\t\n",
    "a blank after separators": 'email, first_name, city\nann@example.com, Zoë, "Bonn, Köln"\nbob@example.com, Bob, \n',
    "blank lines": "email|first_name|city\n\nann@example.com|Zoë|Bonn, Köln\n\nbob@example.com|Bob",
    "rows that end early": 'email,first_name,city\nann@example.com,Zoë,"Bonn, Köln"\nbob@example.com,Bob\n',
    "newlines in quotation marks": 'email,first_name,city\nann@example.com,Zoë,"Bonn,\nKöln"\nbob@example.com,Bob,\n',
}


@pytest.mark.parametrize("content", EXPORTS.values(), ids=EXPORTS)
def test_exports(tmp_path, content):
    """The same people come out of each program's export."""
    assert read(write(tmp_path, content)) == ([ANN, BOB], [])


def test_mailchimp(tmp_path):
    """Mailchimp's own columns: the address and the names are known, the others can be left out."""
    content = (
        '"Email Address","First Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,'
        "GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
        'ann@example.com,"Zoë, ""Zo""",2,"2026-01-02 03:04:05",,"2026-01-02 03:04:05",192.0.2.1,50.7,7.1,'
        '1,2,Europe/Berlin,DE,NW,"2026-01-02 03:04:05",123,ab12,,"""sleep"",""stress"""\n'
    )
    fields = {"first_name": "text", "tags": "list"}
    expected = {"email": "ann@example.com", "first_name": 'Zoë, "Zo"', "tags": ("sleep", "stress")}
    assert read(write(tmp_path, content), fields, ignore=["*"]) == ([expected], [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        ("email;Größe\n".encode("latin-1"), ":1: is not UTF-8; it seems to be Latin-1 or Windows-1252 ('email;Größe')"),
        ("email,first_name\na@example.com,Zoë\n".encode("latin-1"), ":2: is not UTF-8; it seems to be Latin-1"),
        (b"email\n" * 3000 + "ö@example.com".encode("cp1252"), ":3001: is not UTF-8; it seems to be Latin-1"),
        ("email,city\na@example.com,Bonn\n".encode("utf-16"), "seems to be UTF-16"),
        ("email,city\na@example.com,Bonn\n".encode("utf-16-le"), "seems to be UTF-16"),
        (b"PK\x03\x04rest", "seems to be a spreadsheet"),
        (b"\x1f\x8b\x08rest", "is compressed"),
        (b'[{"email": "a@example.com"}]', "one JSON array"),
        (b"email\ra@example.com\r", "line ends of old Macs"),
        (b"\n\nemail\na@example.com\n", ":1: no column brings the address; name it email"),
        (b"first_name\nAnn\n", ":1: no column brings the address"),
        (b"email,E-Mail\na@example.com,b@example.com\n", "'email' and 'E-Mail' both bring email"),
        (b"email,first_nam\na@example.com,Ann\n", "'first_nam' is no declared merge field; did you mean first_name?"),
        (
            b"email,first_nam,x\n",
            "'first_nam' is no declared merge field; did you mean first_name?; 'x' is no declared merge field (",
        ),
        (
            b"email,x,y,citi\n",
            "did you mean city?; 'x', 'y' are no declared merge fields (leave a column out with --ig",
        ),
        (b",email\n1,a@example.com\n", "'' is no declared merge field"),
    ],
)
def test_unusable(tmp_path, content, message):
    """What can't be used as a whole stops before anything is made, and says how to go on."""
    with pytest.raises(ContentError) as stopped:
        open_source(write(tmp_path, content), FIELDS)
    assert message in str(stopped.value)


def test_ignore(tmp_path):
    """Columns that aren't declared are left out by name, however it is written, or all at once."""
    file = write(tmp_path, "email,Shoe Size,Hat-Size\na@example.com,44,60\n")
    with pytest.raises(ContentError, match="--ignore 'shoe_size'"):
        open_source(file, FIELDS)
    expected = ([{"email": "a@example.com"}], [])
    assert read(file, ignore=["shoe size", "hat_size"]) == expected
    assert read(file, ignore=["*"]) == expected


def test_header_only(tmp_path):
    """A list without people is a list: no shards, but columns."""
    with open_source(write(tmp_path, "email,first_name\n"), FIELDS) as source:
        assert (source.rows, source.columns, source.shards(10)) == (0, ("email", "first_name"), ())


def test_broken_rows(tmp_path):
    """A row that isn't CSV is rejected with its line, and costs no row but itself."""
    content = (
        "email,city\na@example.com,Bonn\n"
        'b@example.com,"Bonn\n'
        'c@example.com,"Bonn" am Rhein\n'
        "d@example.com,Bonn,am,Rhein\n"
        '"e@example.com",Bo\rnn\n'
        'f@example.com,"Bo\nnn"\n'
        "g@example.com,Bonn\n"
        'h@example.com,"Bonn\n'
    )
    readers, rejected = read(write(tmp_path, content))
    assert [reader["email"][0] for reader in readers] == ["a", "f", "g"]
    assert told(rejected) == [
        (3, "a quotation mark stands within a value in quotation marks; write it twice"),
        (4, "a quotation mark stands within a value in quotation marks; write it twice"),
        (5, "4 cells, where the header has 2"),
        (6, "a carriage return stands in the middle of the row"),
        (10, "a quotation mark opens here, and none closes it"),
    ]
    assert rejected[2].values == {"email": "d@example.com", "city": "Bonn"}


def test_an_open_quotation_mark_swallows_nothing(tmp_path):
    """However many rows follow a quotation mark that none closes, they are read."""
    people = "".join(f"reader{number}@example.com,Bonn\n" for number in range(20_000))
    readers, rejected = read(write(tmp_path, f'email,city\na@example.com,"Bonn\n{people}'))
    assert (len(readers), told(rejected)) == (
        20_000,
        [(2, "a value is too long; a quotation mark may open here that none closes")],
    )


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], include_characters="\n\t"), max_size=12)


@given(
    rows=st.lists(st.tuples(TEXT, TEXT), max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    lineterminator=st.sampled_from(["\n", "\r\n"]),
    bom=st.sampled_from(["", "\ufeff"]),
    size=st.integers(1, 5),
)
def test_any_dialect(tmp_path_factory, rows, delimiter, quoting, lineterminator, bom, size):
    """What a CSV writer has written comes back, white space aside, with any separator, quotes and line ends."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=lineterminator)
    writer.writerow(["first_name", "email", "city"])
    for number, (name, city) in enumerate(rows):
        writer.writerow([name, f"reader{number}@example.com", city])
    file = write(tmp_path_factory.mktemp("csv"), bom + text.getvalue())
    readers, rejected = read(file, size=size)
    assert rejected == []
    assert [(reader["first_name"], reader["city"]) for reader in readers] == [
        (" ".join(name.split()), " ".join(city.split())) for name, city in rows
    ]


@given(
    st.text(st.sampled_from('a@b.c,;"\n\r \té\u2028'), max_size=60),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_any_rubbish(tmp_path_factory, body, size, batch_size):
    """Whatever stands below the header, all shards together tell of the same rows as one, in the same order."""
    with open_source(write(tmp_path_factory.mktemp("csv"), f"email,city\n{body}"), FIELDS) as source:
        assert read_shards(source.shards(size), batch_size) == read_shards(source.shards(10**6))
