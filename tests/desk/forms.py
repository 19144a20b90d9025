"""Forms as a browser sends them."""

from html.parser import HTMLParser


def fields_of(page):
    """{name: value} of a page's fields as they are shown, without buttons, files and boxes that are not ticked."""
    fields = _Fields()
    fields.feed(page.content.decode())
    fields.close()
    return fields.found


class _Fields(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self._select, self._textarea = {}, None, None

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "select":
            self._select = of.get("name")
        elif tag == "option" and self._select and "selected" in of:
            self.found[self._select] = of["value"]
        elif tag == "textarea":
            self._textarea = of["name"]
            self.found[self._textarea] = ""
        elif tag == "input" and of.get("name") and of.get("type") not in ("file", "submit"):
            if of.get("type") != "checkbox":
                self.found[of["name"]] = of.get("value", "")
            elif "checked" in of:
                self.found[of["name"]] = "on"

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data):
        if self._textarea:
            self.found[self._textarea] += data
