"""A page of HTML parsed whole or not at all: where the parser's limits end it, everything behind would vanish without a word."""

import lxml.etree
import lxml.html


def whole_page(html: str) -> lxml.html.HtmlElement:
    """The page as a tree.

    Raises:
        MemoryError: the tree is larger than the process may hold.
        lxml.etree.LxmlError, ValueError: it is no HTML, or is above a limit of the parser, such as 256 elements deep.
    """
    parser = lxml.html.HTMLParser()
    page = lxml.html.document_fromstring(html, parser=parser)
    if ends := parser.error_log.filter_from_fatals():
        if ends[0].type == lxml.etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError
        limit = ends[0].message.partition(", ")[0].strip()
        raise ValueError(
            f"the parser stops at line {ends[0].line:,} ({limit}), and what follows would be lost. Save it more simply"
        )
    return page
