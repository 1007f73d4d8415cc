"""Documentation pages of destinations, made of their definitions.

`page` gives one as Markdown and `example_configuration` the configuration on it; `catalogue` gives the pages of several
with an index, and `as_html` a page that stands alone.
"""

from destination_actions.pages.catalogue import catalogue
from destination_actions.pages.example import example_configuration, example_text
from destination_actions.pages.html import as_html
from destination_actions.pages.page import page

__all__ = ["as_html", "catalogue", "example_configuration", "example_text", "page"]
