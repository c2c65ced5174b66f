"""web/signup/openapi.py: what the service says that it answers is what it answers."""

from itertools import product

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as conformance

from pipeline.web.signup.app import application
from pipeline.web.signup.openapi import description
from tests.web.signup.serving import URLENCODED

DESCRIBED = description("http://127.0.0.1/newsletter", "The Quiet Hour")
SCHEMA = schemathesis.openapi.from_dict(DESCRIBED)
OPERATIONS = {
    (path, method.upper()): operation
    for path, operations in DESCRIBED["paths"].items()
    for method, operation in operations.items()
}
RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
JSON, HTML = "application/json", "text/html"
# There is no wrong way to ask what takes nothing.
WAYS = [
    (*asked, mode)
    for asked, operation in OPERATIONS.items()
    for mode in (RIGHT, WRONG)
    if mode is RIGHT or {"parameters", "requestBody"} & operation.keys()
]
CHECKS = [
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
    conformance.unsupported_method,
    conformance.allow_header_conformance,
]
# What a page asks for by itself, and what this description is read from: nobody writes a program against them.
NOT_DESCRIBED = {"/style.css", "/form.js", "/openapi.json"}
# It notes for itself what becomes of its requests, and forgets to close some of its connections.
lenient = pytest.mark.filterwarnings("ignore")
often = settings(max_examples=80, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@lenient
@pytest.mark.parametrize(("path", "method", "mode"), WAYS)
def test_as_described(signed, path, method, mode):
    """Whatever is sent, right or wrong, by a stranger or by a reader, is answered as described, never with a 5xx."""
    operation = SCHEMA[path][method]
    reader = signed.reader(f"{path[1:]}-{method}-{mode.value}@example.com".lower())
    tokens = ["", reader.token, signed.confirm_token(reader.id)]

    @often
    @given(operation.as_strategy(generation_mode=mode), st.sampled_from(tokens))
    def as_described(case, token):
        if token and case.query and "t" in case.query:
            case.query = {**case.query, "t": token}
        case.call_and_validate(base_url=f"{signed.url}/newsletter", checks=CHECKS)

    as_described()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_kinds(signed, path, method):
    """A program that asks for JSON, or sends it, gets it wherever that is described, and nowhere else."""
    described = OPERATIONS[path, method]["responses"]
    asked = ({"Accept": JSON}, {"Accept": JSON, "Content-Type": URLENCODED}, {"Content-Type": JSON}, {"Accept": "*/*"})
    bodies = (b"", b"{", b'{"rhythm": "each", "email": "ben@example.com"}', b"x" * 70_000)
    for number, (headers, body) in enumerate(product(asked, bodies if method == "POST" else [None])):
        reader = signed.reader(f"kinds-{path[1:]}-{method}-{number}@example.com".lower())
        for token in ("", reader.token, signed.confirm_token(reader.id)):
            answer = signed.ask(method, f"{path}?t={token}", body, headers)
            kinds = described[str(answer.status)]["content"].keys()
            wanted = JSON if JSON in headers.values() else HTML
            assert answer.headers["content-type"].partition(";")[0] == (wanted if wanted in kinds else min(kinds))


def test_complete(signed):
    """Each path of the application is described, and each of its methods; and none that isn't there."""
    described = signed.get("/openapi.json").json
    routes = application(signed.service).app.routes
    paths = {route.path.removeprefix(signed.service.root): route.methods for route in routes}
    assert described["paths"].keys() == paths.keys() - NOT_DESCRIBED
    assert paths.keys() >= NOT_DESCRIBED
    for path, operations in described["paths"].items():
        # HEAD comes with GET, and a browser asks by OPTIONS whether it may ask.
        assert {method.upper() for method in operations} == paths[path] - {"HEAD", "OPTIONS"}
    assert described["paths"] == DESCRIBED["paths"]
    assert described["servers"] == [{"url": f"{signed.url}/newsletter"}]
    for path, operations in described["paths"].items():
        for method in ("GET", "POST"):
            answer = signed.ask(method, path)
            assert (answer.status == 405) == (method.lower() not in operations), (method, path)
