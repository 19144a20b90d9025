"""The OpenAPI document: valid, complete, with examples and errors, and readable without internet."""

import io
import re
from collections import Counter

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, get_resolver
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from config.schema import _document

pytestmark = pytest.mark.django_db

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema():
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return yaml.safe_load(out.getvalue())


@pytest.fixture(scope="module")
def operations(schema):
    """{"POST /auth/jwt/create/": operation, …}"""
    return {
        f"{method.upper()} {path}": operation
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_it_is_openapi_3_1(schema):
    assert schema["openapi"].startswith("3.1")
    validate(schema)


def leaves(patterns, prefix=""):
    for entry in patterns:
        path = prefix + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLPattern):
            yield path, entry
        else:
            yield from leaves(entry.url_patterns, path)


def test_every_door_of_a_view_is_in_it(operations):
    """As many operations as the views have methods behind the API's paths."""
    expected = 0
    for path, pattern in leaves(get_resolver().url_patterns):
        view = getattr(pattern.callback, "cls", None)
        if not path.startswith(("api/", "auth/")) or view is None or path.startswith(("api/schema", "api/docs")):
            continue
        actions = getattr(pattern.callback, "actions", None) or {m for m in METHODS if hasattr(view, m)}
        expected += len(METHODS & {method.lower() for method in actions})
    assert len(operations) == expected


def test_canonical_paths_come_first(schema):
    paths = list(schema["paths"])

    assert paths.index("/auth/jwt/create/") < paths.index("/api/v1/users/") < paths.index("/api/auth/jwt/create/")
    assert paths.index("/api/v1/users/") < paths.index("/api/sign_in/")


def test_every_operation_tells_its_errors(operations):
    for name, operation in operations.items():
        errors = {status for status in operation["responses"] if status >= "400"}
        assert errors, name
        if operation.get("security", [{}]) != [{}] and {} not in operation.get("security", [{}]):
            assert "401" in errors, name


def test_every_answer_but_204_and_304_has_a_body(operations):
    """One that is told to have none is `{}` in truth."""
    bodiless = {
        (name, status)
        for name, operation in operations.items()
        for status, response in operation["responses"].items()
        if "content" not in response
    }

    assert {status for _, status in bodiless} == {"204", "304"}


def test_every_body_has_an_example(operations):
    lacking = []
    for name, operation in operations.items():
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            if media_type == "application/json" and "examples" not in content:
                lacking.append(name)
    assert lacking == []


def test_every_example_is_of_its_shape(schema, operations):
    parts = schema["components"]
    bodies = [one.get("requestBody", {}) for one in operations.values()]
    bodies += [answer for one in operations.values() for answer in one["responses"].values()]
    pairs = {}  # most are there a hundred times
    for content in (content for body in bodies for content in body.get("content", {}).values()):
        for example in content.get("examples", {}).values():
            shown = parts["examples"][example["$ref"].rpartition("/")[2]] if "$ref" in example else example
            pairs[str((content["schema"], shown["value"]))] = content["schema"], shown["value"]
    # With the parts of the document beside it, a shape's references lead somewhere.
    found = {
        text: list(Draft202012Validator(shape | {"components": parts}).iter_errors(value))
        for text, (shape, value) in pairs.items()
    }
    assert {text for text, errors in found.items() if errors} == set()


def test_the_web_stores_own_error_has_an_example(operations):
    content = operations["POST /api/sign_in/"]["responses"]["400"]["content"]

    assert content["application/json"]["examples"]["Answer"]["value"] == {"error": "username is used"}


# What creates and yet takes no Idempotency-Key.
KEYLESS = {
    "POST /auth/users/": "nobody is signed in, whose key it could be; a second one is the 400 `unique`",
    "POST /api/auth/users/": "the same",
    "POST /api/v1/calendar/": "its answer is a secret, which is kept nowhere; a second one takes the first one's place",
    "POST /api/v1/orders/{order}/payment/": "asks a provider, so it is no transaction; a second one goes on with the first",
}


def test_whatever_creates_takes_an_idempotency_key(operations):
    keyless = {
        name
        for name, operation in operations.items()
        if name.startswith("POST") and "201" in operation["responses"]
        if "Idempotency-Key" not in {parameter["name"] for parameter in operation.get("parameters", [])}
    }

    assert keyless == set(KEYLESS)


def test_every_operation_says_what_it_does(operations):
    """ "Create" or "Me" is what the code calls it; and nobody outside knows what Djoser is."""
    wordless = {name for name, operation in operations.items() if len(operation["summary"].split()) == 1}
    plain = {name for name, operation in operations.items() if operation["summary"] in ("Read one", "Change some members")}
    internal = {name for name, operation in operations.items() if re.search("Djoser|service", operation.get("description", ""))}
    of_path = Counter((name.partition(" ")[2], operation["summary"]) for name, operation in operations.items())

    assert wordless == plain == internal == set()
    changes = ("Change a meeting", "Change a slot", "Change weekly hours", "Change an exception")
    assert {said for (_path, said), times in of_path.items() if times > 1 and not said.startswith(changes)} == set()


def test_lists_document_their_pages(operations):
    parameters = {parameter["name"] for parameter in operations["GET /api/v1/users/"]["parameters"]}

    assert parameters == {"limit", "cursor", "user_type", "is_staff", "search", "Link"} - {"Link"}
    assert "Link" in operations["GET /api/v1/users/"]["responses"]["200"]["headers"]


def test_a_price_has_no_minus(schema):
    price = schema["components"]["schemas"]["Product"]["properties"]["price"]

    assert re.fullmatch(price["pattern"], "12.50")
    assert not re.fullmatch(price["pattern"], "-1")


def test_an_answer_has_all_its_members(schema):
    """A typed client would ask of each that is not required whether it is there."""
    optional = {
        f"{name}.{member}"
        for name, one in schema["components"]["schemas"].items()
        if not name.endswith("Request")
        for member in one.get("properties", {}).keys() - set(one.get("required", []))
    }

    assert optional == {"Problem.errors"}


@pytest.mark.parametrize(
    ("door", "needed"), [("/auth/users/me/", True), ("/auth/users/{id}/", True), ("/api/v1/users/{id}/", False)]
)
def test_closing_an_account_takes_the_password(operations, door, needed):
    operation = operations[f"DELETE {door}"]

    assert operation["requestBody"]["required"] is needed
    assert operation["requestBody"]["content"]["application/json"]["examples"]
    assert {"411", "413", "415"} <= set(operation["responses"])


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_cookie_door_says_what_it_asks_for(operations, method):
    asked = {(one["in"], one["name"]) for one in operations[f"{method} /api/refresh_token/"]["parameters"] if one["required"]}

    assert asked == {("header", "X-CSRFToken"), ("cookie", "csrftoken"), ("cookie", "refreshtoken")}


def test_keys_are_numbers_in_paths_too(operations):
    kinds = {
        (parameter["name"], parameter["schema"]["type"])
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path"
    }

    assert kinds == {("id", "integer"), ("order", "integer"), ("provider", "string"), ("token", "string")}


def test_it_is_served():
    answer = Client().get("/api/schema/")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/vnd.oai.openapi")


def test_it_is_made_once_for_each_language():
    english, polish, again = (Client().get("/api/schema/", headers={"Accept-Language": name}) for name in ("en", "pl", "en"))

    named = Client().get("/api/schema/?lang=pl", headers={"Accept-Language": "en"})
    unknown = Client().get("/api/schema/?lang=tlh", headers={"Accept-Language": "en"})

    assert english.content == again.content == unknown.content != polish.content == named.content
    assert _document.cache_info().currsize <= len(settings.LANGUAGES)
    assert _document.cache_info().hits


def test_no_method_but_get_is_a_problem_here_too():
    answer = Client().post("/api/schema/")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_the_documentation_loads_nothing_from_elsewhere():
    answer = Client().get("/api/docs/")
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in page
    assert "https://" not in page.replace("https://www.w3.org", "")


def test_a_file_comes_as_whatever_it_is(operations):
    assert set(operations["GET /api/v1/attachments/{id}/"]["responses"]["200"]["content"]) == {"*/*"}


def test_what_one_may_not_have_can_be_missing(operations):
    responses = {method: operations[f"{method} /api/v1/calendar/"]["responses"] for method in ("GET", "POST", "DELETE")}
    assert {method: "404" in found for method, found in responses.items()} == {"GET": True, "POST": False, "DELETE": True}
