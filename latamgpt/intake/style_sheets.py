"""Style sheets of a page: which declarations hold for an element, in the order of the cascade.

Read are selectors of names, classes, ids, attributes, `:root` and `:not()`, with all combinators. A rule that needs more to be
judged (`:hover`, `:nth-child()`, pseudo-elements, rules within rules), or holds for some screens only, is taken as not there; but
what another rule sets for the same elements in some state (`.panel.open`, `.tip:hover`, `.open .panel`), or on some screens, is
what readers may see: whoever asks says what the declaration that it undoes then counts for.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import lxml.html

from latamgpt.intake.selectors import Compound, joined, parse_selector, unescaped

COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
WRAPPING = re.compile(r"<!--|-->|<!\[CDATA\[|\]\]>")
TOKEN = re.compile(r"""\\.|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|[{};]|[^{};"'\\]+|.""", re.DOTALL)
STATE = re.compile(r":(?!:|before\b|after\b)[-\w]+(?:\([^()]*\))?")
GROUPS = ("@supports", "@layer", "@media")
EVERY_SCREEN = frozenset({"", "all", "screen", "only screen"})
MAX_STEPS = 3_000_000  # of matching, for a whole page: pages as they are take a few thousand


@dataclass(frozen=True)
class Declaration:
    """What a rule or a style attribute says of one property; `weight` orders it among all that hold for an element."""

    name: str
    value: str
    weight: tuple[object, ...]


@dataclass(frozen=True)
class Rule:
    """One selector with its declarations: the last compound is the element's own, each other with what joins it to the next."""

    compounds: tuple[Compound, ...]
    combinators: tuple[str, ...]
    declarations: tuple[Declaration, ...]
    selector: str


class TooManyRulesError(ValueError):
    """The sheets ask for more work than any page should."""


@dataclass
class StyleSheets:
    """All rules that may hold in a page, found by the elements that they are about."""

    properties: frozenset[str]  # that anybody asks for; rules about others are let go
    unsure: frozenset[str]  # of those in a sheet nobody knows what they are in another state
    in_doubt: Callable[[str, str], str]  # property and value: what holds where another rule may undo them
    rules: dict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))
    in_states: dict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))  # by each name of the element
    num_rules: int = 0
    num_steps: int = 0
    _undone: dict[int, frozenset[str]] = field(default_factory=dict[int, frozenset[str]])  # by the rule's `id()`
    _before: dict[tuple[int, int], dict[lxml.html.HtmlElement, bool]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, css: str) -> None:
        """Add a sheet behind those that are there."""
        for selectors, written, is_sure in _blocks(COMMENT.sub(" ", WRAPPING.sub(" ", css))):
            wanted = [one for one in declarations(written) if one.name in self.properties]
            for selector in _split(selectors, ",") if wanted else ():
                self._add(" ".join(selector.split()), wanted, is_sure=is_sure)

    def _add(self, selector: str, wanted: list[Declaration], *, is_sure: bool) -> None:
        parsed = parse_selector(selector) if is_sure else None
        self.num_rules += 1
        if parsed is not None:
            weights = [one.specificity for one in parsed[0]]
            specificity = tuple(map(sum, zip(*weights, strict=True)))
            own = tuple(Declaration(one.name, one.value, (one.weight[0], 0, specificity, self.num_rules)) for one in wanted)
            self.rules[parsed[0][-1].key].append(Rule(*parsed, own, selector))
        state = parsed or parse_selector(STATE.sub("", selector))
        if state is not None:
            rule = Rule(*state, tuple(wanted), selector if is_sure else f"@media {selector}")
            for key in _names(state[0][-1]):
                self.in_states[key].append(rule)

    def style(self, element: lxml.html.HtmlElement) -> dict[str, str]:
        """What holds for an element, its own style attribute included.

        Raises:
            TooManyRulesError: the page's sheets ask for too much work.
        """
        written = element.get("style")
        held: list[tuple[Declaration, Rule | None]] = [(one, None) for one in declarations(written)] if written else []
        if self.rules:
            classes = (element.get("class") or "").split()
            for key in dict.fromkeys(["", str(element.tag), f"#{element.get('id')}", *(f".{one}" for one in classes)]):
                for rule in self.rules.get(key, ()):
                    if self._holds(rule, len(rule.compounds) - 1, element):
                        held += [(one, rule) for one in rule.declarations]
        last = {one.name: (one.value, rule) for one, rule in sorted(held, key=lambda one: one[0].weight)}
        return {
            name: self.in_doubt(name, value) if rule is not None and name in self._undone_of(rule) else value
            for name, (value, rule) in last.items()
        }

    def _undone_of(self, rule: Rule) -> frozenset[str]:
        """Properties that other rules set anew in some state of the elements that a rule is about."""
        if id(rule) not in self._undone:
            own, mine = _parts(rule.compounds[-1]), {one.name: one.value for one in rule.declarations}
            names = set(self.unsure)
            for other in self.in_states.get(rule.compounds[-1].key, ()) if own else ():
                self._step()
                if other.selector != rule.selector and own <= _parts(other.compounds[-1]):
                    names |= {one.name for one in other.declarations if mine.get(one.name, one.value) != one.value}
            self._undone[id(rule)] = frozenset(names)
        return self._undone[id(rule)]

    def _step(self) -> None:
        self.num_steps += 1
        if self.num_steps > MAX_STEPS:
            raise TooManyRulesError("its style sheets ask for more work than a page should")

    def _holds(self, rule: Rule, place: int, element: lxml.html.HtmlElement) -> bool:
        self._step()
        if not rule.compounds[place].holds(element):
            return False
        if place == 0:
            return True
        if rule.combinators[place - 1] == "~":
            return self._holds_before(rule, place - 1, element)
        return any(self._holds(rule, place - 1, one) for one in joined(element, rule.combinators[place - 1]))

    def _holds_before(self, rule: Rule, place: int, element: lxml.html.HtmlElement) -> bool:
        """Whether a compound holds for a sibling before an element; what was found is kept, or a long page takes its square."""
        known = self._before[id(rule), place]
        passed, is_found = [element], False
        for one in joined(element, "~"):
            is_found = known.get(one, False) or self._holds(rule, place, one)
            if is_found or one in known:
                break
            passed.append(one)
        known.update(dict.fromkeys(passed, is_found))
        return is_found


def _parts(compound: Compound) -> frozenset[object]:
    names = ([compound.tag] if compound.tag else [], compound.classes, compound.ids, compound.attributes)
    return frozenset((kind, one) for kind, listed in enumerate(names) for one in listed)


def _names(compound: Compound) -> set[str]:
    """All keys under which a rule about less than this compound may be found."""
    return {"", compound.tag, *(f"#{one}" for one in compound.ids), *(f".{one}" for one in compound.classes)}


def declarations(written: str) -> list[Declaration]:
    """The declarations of a block or a style attribute, in small letters and without blanks but those within a background."""
    found: list[Declaration] = []
    for order, one in enumerate(_split(COMMENT.sub("", written), ";")):
        name, _, value = unescaped(one).lower().partition(":")
        name, plain = name.strip(), value.replace("!important", "")
        if name:
            words = " ".join(plain.split()) if name == "background" else "".join(plain.split())
            found.append(Declaration(name, words, ("!important" in "".join(value.split()), 1, (), order)))
    return found


def applies(media: str) -> bool:
    """Whether a list of media holds for every screen."""
    return any(" ".join(one.lower().split()) in EVERY_SCREEN for one in media.split(","))


def _blocks(css: str) -> Iterator[tuple[str, str, bool]]:
    """Selectors and declarations of every rule, and whether it holds on every screen."""
    open_blocks: list[str] = []
    written = ""
    for match in TOKEN.finditer(css):
        token, is_in_rule = match[0], bool(open_blocks) and not _is_group(open_blocks[-1])
        if token == "{":
            open_blocks.append(written.strip())
            written = ""
        elif token == "}":
            if is_in_rule and _is_rule(open_blocks):
                yield open_blocks[-1], written, _counts(open_blocks[:-1])
            open_blocks, written = open_blocks[:-1], ""
        elif token == ";" and not is_in_rule:
            written = ""
        else:
            written += token
    if open_blocks and not _is_group(open_blocks[-1]) and _is_rule(open_blocks):
        yield open_blocks[-1], written, _counts(open_blocks[:-1])


def _is_group(prelude: str) -> bool:
    return prelude.lower().startswith(GROUPS)


def _is_rule(open_blocks: list[str]) -> bool:
    *around, own = open_blocks
    return not own.startswith("@") and all(map(_is_group, around))


def _counts(around: list[str]) -> bool:
    """Whether what stands in these groups holds on every screen."""
    low = [" ".join(one.lower().split()) for one in around]
    return all(applies(one[len("@media") :]) for one in low if one.startswith("@media")) and not any(
        one.startswith("@supports") and re.search(r"\bnot\b", one) for one in low
    )


def _split(written: str, mark: str) -> Iterable[str]:
    """Parts between marks that stand in no string and no brackets."""
    depth, begin, quote = 0, 0, ""
    for place, letter in enumerate(written):
        if quote:
            quote = "" if letter == quote and written[place - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter == mark and depth <= 0:
            yield written[begin:place]
            begin = place + 1
    yield written[begin:]
