"""The examples of the OpenAPI document are written by hand, so they are held to what the serializers say."""

import io

import pytest
import yaml
from django.core.management import call_command

pytestmark = pytest.mark.django_db

# Members that only some answers have: `errors` goes with a 400 alone.
SOMETIMES = {"Problem": {"errors"}}


@pytest.fixture(scope="module")
def schema():
    out = io.StringIO()
    call_command("spectacular", stdout=out)
    return yaml.safe_load(out.getvalue())


def bodies(schema):
    """(where, example's value, schema of the body, whether it is an answer) for each example in the document."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for part, body in parts.items():
                for content in body.get("content", {}).values():
                    for example in content.get("examples", {}).values():
                        if "$ref" in example:
                            example = schema["components"]["examples"][example["$ref"].rpartition("/")[2]]
                        yield f"{method.upper()} {path} {part}", example["value"], content["schema"], part != "request"


def differences(value, schema, known, answer, name="", place=""):
    """What an example lacks, and what it has beyond its schema, by the member's path."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = known[name]
    for one in schema.get("allOf", []) + schema.get("oneOf", []) + schema.get("anyOf", []):
        if "$ref" in one and value is not None:
            return differences(value, one, known, answer, place=place)
    if isinstance(value, list):
        return [found for inner in value for found in differences(inner, schema.get("items", {}), known, answer, place=place)]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    hidden = "writeOnly" if answer else "readOnly"
    members = {member for member, its in schema["properties"].items() if not its.get(hidden)}
    needed = members - SOMETIMES.get(name, set()) if answer else members & set(schema.get("required", []))
    found = [f"lacks {place}{member}" for member in sorted(needed - set(value))]
    found += [f"has {place}{member}" for member in sorted(set(value) - members)]
    for member in members & set(value):
        found += differences(value[member], schema["properties"][member], known, answer, place=f"{place}{member}.")
    return found


def test_every_example_has_the_members_of_its_serializer(schema):
    known, seen, wrong = schema["components"]["schemas"], 0, []
    for where, value, body, answer in bodies(schema):
        seen += answer
        wrong += [f"{where} {found}" for found in differences(value, body, known, answer)]

    assert wrong == []
    assert seen > 50


def test_every_error_has_an_example_of_its_status(schema):
    shown = {where: value.get("status") for where, value, _body, answer in bodies(schema) if answer and isinstance(value, dict)}
    errors = {
        f"{method.upper()} {path} {status}": int(status)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        for status, answer in operation["responses"].items()
        if "application/problem+json" in answer.get("content", {})
    }

    assert len(errors) > 500
    assert {where: shown.get(where) for where in errors} == errors


def test_what_would_be_found():
    known = {"Pen": {"required": ["name"], "properties": {"id": {"readOnly": True}, "name": {}, "secret": {"writeOnly": True}}}}
    pens = {"items": {"$ref": "#/components/schemas/Pen"}}

    assert differences([{"id": 1, "name": "Pen"}], pens, known, True) == []
    assert differences([{"name": "Pen", "color": "red"}], pens, known, True) == ["lacks id", "has color"]
    assert differences([{"id": 1, "secret": "x"}], pens, known, False) == ["lacks name", "has id"]
