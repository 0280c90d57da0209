"""Taking the menus out of a page before its main text is looked for: on a short page a menu is most of the words."""

import copy
import re

import lxml.html

FURNITURE_ROLES = frozenset({"navigation", "search", "contentinfo"})
MENU_LINKS = 4
MENU_LINK_SHARE = 0.9  # of a list's letters that stand in links; a bibliography has more than its links
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # lxml reads them and refuses to write them anew
TEXT_PARTS = frozenset({"article", "blockquote", "main", "section"})


def without_menus(page: lxml.html.HtmlElement) -> lxml.html.HtmlElement:
    """A copy of the page without what HTML itself calls navigation, without the site's footer, and without lists of links."""
    page = copy.deepcopy(page)
    for element in page.iter():
        element.text, element.tail = _without_controls(element.text), _without_controls(element.tail)
    for element in list(page.iter("nav", "footer", "ul", "ol", "div")):
        if element.getparent() is not None and _is_furniture(element):
            element.drop_tree()
    return page


def _without_controls(text: str | None) -> str | None:
    return CONTROLS.sub(" ", text) if text else text


def _is_furniture(element: lxml.html.HtmlElement) -> bool:
    if element.tag == "nav" or (element.get("role") or "").lower() in FURNITURE_ROLES:
        return True
    if element.tag == "footer":
        return not any(above.tag in TEXT_PARTS for above in element.iterancestors())
    return element.tag in ("ul", "ol") and _is_all_links(element)


def _is_all_links(element: lxml.html.HtmlElement) -> bool:
    links = list(element.iter("a"))
    if len(links) < MENU_LINKS:
        return False
    letters = len("".join(element.text_content().split()))
    return sum(len("".join(link.text_content().split())) for link in links) >= MENU_LINK_SHARE * letters
