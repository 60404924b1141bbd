"""What stands in an HTML page, read by the standard library's parser: elements, their texts, and whether they are balanced."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "col", "link", "input"}


class Markup(HTMLParser):
    """A page taken apart.

    Attributes
    ----------
    elements : list of (tag, attributes)
    texts : dict
        Of each id the text inside its element.
    words : str
        All text that is shown.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self._open, self._words = [], {}, [], []
        self.feed(page)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    @property
    def words(self) -> str:
        return "".join(self._words)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        assert len(found) == len(attributes), f"an attribute twice: {tag} {attributes}"
        self.elements.append((tag, found))
        if "id" in found:
            assert found["id"] not in self.texts, f"an id twice: {found['id']}"
            self.texts[found["id"]] = ""
        if tag not in VOID:
            self._open.append((tag, found.get("id")))

    def handle_endtag(self, tag):
        assert self._open[-1][0] == tag, f"</{tag}> closes {self._open[-1]}"
        self._open.pop()

    def handle_data(self, data):
        for _, name in self._open:
            if name is not None:
                self.texts[name] += data
        if not any(tag == "style" for tag, _ in self._open):
            self._words.append(data)

    def of(self, tag):
        """The attributes of all elements of a tag."""
        return [found for name, found in self.elements if name == tag]
