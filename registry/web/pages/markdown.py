"""What issuers write as Markdown, made into HTML that can do nothing: no raw HTML, no pictures, no scripts, safe links."""

from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

MAX_MARKDOWN: Final = 50_000
"""Characters; criteria are a page or two. What is longer is cut: the credential itself has all of it."""
TAGS: Final = {
    *("p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_SCHEMES: Final = {"http", "https", "mailto"}


def render_markdown(text: str) -> Markup:
    """Return safe HTML for CommonMark with tables; headings begin at the third level, below those of the page."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = parser.parse(text[:MAX_MARKDOWN])
    for token in tokens:
        if token.tag in {"h1", "h2"}:
            token.tag = "h3"
    html = parser.renderer.render(tokens, parser.options, {})
    # What the parser makes is clean already; the second reading stands between a mistake in it and the visitor.
    return Markup(nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES))  # noqa: S704 - cleaned
