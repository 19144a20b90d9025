"""Messages and their renderers."""

import pytest

from notifications.messages import Attachment, Message, letter, message, renderer_of


def test_a_subject_is_one_line():
    assert Message(subject="Hi\r\nBcc: eve@example.com\t\x0b!", text="").subject == "Hi Bcc: eve@example.com !"


def test_a_subject_is_spelled_as_it_was():
    """Joiners are no spaces."""
    words = "می\u200cخواهم क्\u200dष 👨\u200d👩\u200d👧"
    assert Message(subject=words, text="").subject == words


@pytest.mark.parametrize(
    "parts",
    [
        {"headers": {"X-Note": "a\r\nBcc: eve@example.com"}},
        {"headers": {"X-Note\nBcc": "eve@example.com"}},
        {"attachments": [Attachment("a\r\nb.ics", b"", "text/calendar")]},
    ],
)
def test_a_header_with_a_line_break_is_refused(parts):
    with pytest.raises(ValueError, match="one line"):
        Message(subject="", text="", **parts)


def test_a_letter_says_the_same_in_text_and_html():
    written = letter(subject="Tea & cake", paragraphs=["One\ntwo", "<b>three</b>"], link="http://127.0.0.1:8000/x/")

    assert written.text == "One\ntwo\n\n<b>three</b>\n\nhttp://127.0.0.1:8000/x/"
    assert "<title>Tea &amp; cake</title>" in written.html
    assert "<p>One<br>two</p>" in written.html
    assert "<p>&lt;b&gt;three&lt;/b&gt;</p>" in written.html


def test_a_letter_without_a_link_ends_with_its_words():
    assert letter(subject="Tea", paragraphs=["One", "two"]).text == "One\n\ntwo"


def test_two_renderers_cannot_share_a_name():
    known = renderer_of("notification")

    assert message("notification")(known) is known
    with pytest.raises(ValueError, match="rendered by"):
        message("notification")(lambda delivery: None)
    assert renderer_of("notification") is known
