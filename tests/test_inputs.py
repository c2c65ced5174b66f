"""inputs.py: what an edition is made of."""

from pipeline import inputs


def test_hashes(tmp_path):
    """Each file has its SHA-256 under its path, sorted; one that is gone has an empty one."""
    (tmp_path / "b.md").write_text("b")
    (tmp_path / "a.md").write_text("")
    hashes = inputs.hash_inputs(tmp_path, ["b.md", "a.md", "gone.md", "b.md"])
    assert list(hashes) == ["a.md", "b.md", "gone.md"]
    assert hashes["a.md"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert hashes["gone.md"] == ""


def test_provenance(tmp_path):
    """One hash tells whether anything has changed."""
    file = tmp_path / "a.md"
    file.write_text("one")
    first = inputs.provenance(tmp_path, ["a.md"])
    assert first == inputs.provenance(tmp_path, ["a.md"])
    file.write_text("two")
    assert inputs.provenance(tmp_path, ["a.md"])["inputs_sha256"] != first["inputs_sha256"]


def test_tools():
    """The versions of the engines are told, and the project's own."""
    assert {"stay-updated", "mjml-python", "premailer", "jinja2"} <= set(inputs.tools())
