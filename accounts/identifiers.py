"""The forms of the names that an account goes by."""

import unicodedata

import phonenumbers


def normalize_email(email):
    """Without surrounding space, the domain in lower case. The part before the @ keeps its case; lookups ignore it."""
    local, _, domain = unicodedata.normalize("NFKC", email).strip().rpartition("@")
    return f"{local}@{domain.lower()}"


def normalize_phone(phone):
    """A phone number in E.164 form, or None for what cannot be one.

    It must start with + and the country code and be *possible*, that is of a length in use there. Whether the number was
    ever assigned is not asked: numbering plans change faster than libraries.
    """
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", phone).strip())
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
