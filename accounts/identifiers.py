"""The forms of the names that an account goes by."""

import contextlib
import unicodedata

import idna
import phonenumbers


def normalize_email(email):
    """Without surrounding space, the domain as mail servers know it: in ASCII (RFC 5891) and lower case.

    The part before the @ keeps its case; lookups ignore it. A domain that cannot be one stays as it is, for the form of
    addresses to refuse (accounts.models).
    """
    local, _, domain = unicodedata.normalize("NFKC", email).strip().rpartition("@")
    if not domain.isascii():
        with contextlib.suppress(UnicodeError):
            domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain.lower()}"


def normalize_username(username):
    """In NFKC form; one that repeats the account's e-mail, in that of e-mails."""
    return normalize_email(username) if "@" in username else unicodedata.normalize("NFKC", username)


def canonical(identifier):
    """The form of a username, e-mail or phone by which accounts are found, and tries are counted: one for all spellings."""
    text = unicodedata.normalize("NFKC", identifier).strip()
    if text.startswith("+") and "@" not in text:
        return normalize_phone(text) or text
    if "@" in text:
        text = normalize_email(text)
    # One letter for one, as the database's lower() does it: İ, of which Python makes two, is an i.
    return "".join(letter.lower()[0] for letter in text)


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


def default_username(email, phone):
    """What an account goes by whose owner chose no username."""
    return email or phone or ""
