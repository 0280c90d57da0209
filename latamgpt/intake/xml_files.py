"""XML without its traps: nothing is fetched, no entity stands for anything, no tree is deeper or larger than it has to be."""

import lxml.etree

from latamgpt.intake.quarantine import Reason, Rejected

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"


def parse_xml(raw: bytes, name: str) -> lxml.etree._Element:
    """The root of an XML file.

    Raises:
        MemoryError: the tree is larger than the process may hold.
        Rejected: xml_invalid; xml_entities, where the file declares entities, which can stand for gigabytes or for other files.
    """
    parser = lxml.etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = lxml.etree.fromstring(raw, parser)
    except lxml.etree.XMLSyntaxError as error:
        if error.msg == "unknown error":  # what lxml makes of libxml2's end of memory
            raise MemoryError from error
        if "entity" in error.msg and "not defined" not in error.msg:  # a loop, or more than the parser lets them stand for
            raise _entities(name) from error
        raise Rejected(
            Reason.XML_INVALID, f"{name} is not well-formed XML: {error.msg}. Ask the partner to export it anew"
        ) from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise _entities(name)
    return root


def local_name(element: lxml.etree._Element) -> str:
    """The name of an element without its namespace; '' for what is no element."""
    return lxml.etree.QName(element).localname if isinstance(element.tag, str) else ""


def words_of(element: lxml.etree._Element | None) -> str:
    """All the text in an element on one line; '' where there is none."""
    return "" if element is None else " ".join("".join(element.itertext(tag=None)).split())  # pyright: ignore[reportArgumentType]


def children(root: lxml.etree._Element, *names: str) -> list[lxml.etree._Element]:
    """All elements below `root` that have one of these local names, in the order of the file."""
    return [element for element in root.iter(lxml.etree.Element) if local_name(element) in names]


def child(element: lxml.etree._Element | None, name: str) -> lxml.etree._Element | None:
    """The first element right below that has this local name; None where there is none."""
    return None if element is None else next((one for one in element if local_name(one) == name), None)


def attribute(element: lxml.etree._Element | None, name: str) -> str:
    """An attribute, whatever its namespace; '' where there is none."""
    if element is None:
        return ""
    return next((value for key, value in element.items() if lxml.etree.QName(key).localname == name), "")


def _entities(name: str) -> Rejected:
    return Rejected(
        Reason.XML_ENTITIES,
        f"{name} declares entities, which are never expanded: ask the partner to write characters in their place",
    )
