"""Text of a DOCX that is formatted so that readers do not see it: taken out before the text is read, and counted."""

import lxml.etree

from latamgpt.intake.xml_files import attribute, child, children, local_name

MAX_HALF_POINTS = 2  # one point: nobody reads it, on paper or on a screen
OFF = frozenset({"0", "false", "off", "none"})
ON = frozenset({"1", "true", "on"})
NO_SHADE = frozenset({"", "auto", "ffffff"})


def styles_that_hide(styles: lxml.etree._Element) -> frozenset[str]:
    """Ids of the styles of word/styles.xml under which text is hidden, by their own word or that of the style they build on.

    '' stands among them where paragraphs without a style are hidden.
    """
    known = {attribute(style, "styleId"): style for style in children(styles, "style")}
    hiding = {name for name in known if _style_hides(name, known)}
    plain = (
        name for name, style in known.items() if attribute(style, "type") == "paragraph" and attribute(style, "default") in ON
    )
    return frozenset(hiding | {""} if any(name in hiding for name in plain) else hiding)


def take_out_hidden_runs(part: lxml.etree._Element, hiding: frozenset[str]) -> int:
    """Empty every hidden run of a part (the document, its notes), and say how many characters they held, blanks aside."""
    num_chars = 0
    for run in children(part, "r"):
        texts = [one for one in run if local_name(one) == "t" and one.text]
        if texts and _is_hidden(run, hiding):
            num_chars += sum(len("".join((one.text or "").split())) for one in texts)
            for one in texts:
                one.text = ""
    return num_chars


def _style_hides(name: str, known: dict[str, lxml.etree._Element]) -> bool:
    seen: set[str] = set()
    while name in known and name not in seen:
        seen.add(name)
        hides = _says_hidden(child(known[name], "rPr"))
        if hides is not None:
            return hides
        name = attribute(child(known[name], "basedOn"), "val")
    return False


def _is_hidden(run: lxml.etree._Element, hiding: frozenset[str]) -> bool:
    look = child(run, "rPr")
    size = attribute(child(look, "sz"), "val")
    if (size.isascii() and size.isdigit() and int(size[:9]) <= MAX_HALF_POINTS) or _is_white_on_white(run, look):
        return True
    hides = _says_hidden(look)
    return _has_hiding_style(run, look, hiding) if hides is None else hides


def _says_hidden(look: lxml.etree._Element | None) -> bool | None:
    mark = child(look, "vanish")
    return None if mark is None else attribute(mark, "val").lower() not in OFF


def _has_hiding_style(run: lxml.etree._Element, look: lxml.etree._Element | None, hiding: frozenset[str]) -> bool:
    paragraph = next((one for one in run.iterancestors() if local_name(one) == "p"), None)
    own = attribute(child(look, "rStyle"), "val")
    return own in hiding - {""} or attribute(child(child(paragraph, "pPr"), "pStyle"), "val") in hiding


def _is_white_on_white(run: lxml.etree._Element, look: lxml.etree._Element | None) -> bool:
    if attribute(child(look, "color"), "val").lower() != "ffffff" or child(look, "highlight") is not None:
        return False
    return not _is_shaded(look) and not any(_is_ground(one) for one in run.iterancestors())


def _is_ground(above: lxml.etree._Element) -> bool:
    """Whether a cell, paragraph, table or drawn box may have a colour behind its text."""
    match local_name(above):
        case "txbxContent":
            return True
        case "p" | "tc" | "tbl" as kind:
            look = child(above, f"{kind}Pr")
            return _is_shaded(look) or (kind == "tbl" and child(look, "tblStyle") is not None)
        case _:
            return False


def _is_shaded(look: lxml.etree._Element | None) -> bool:
    return attribute(child(look, "shd"), "fill").lower() not in NO_SHADE
