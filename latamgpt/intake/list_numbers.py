"""How word processors write the number of a list's item: 3 as '3', 'c', 'C', 'iii' or 'III'."""

MAX_NUMBER = 32_767  # as far as Word counts
MAX_LETTERED = 26 * 26
MAX_ROMAN = 3999
MAX_LEVELS = 10
ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"),
    (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def in_letters(number: int, *, doubled: bool) -> str:
    """1 as A, 26 as Z; 27 and 28 as AA and BB where letters are doubled, else as AA and AB; '' where letters end."""
    if not 1 <= number <= MAX_LETTERED:
        return ""
    round_, letter = divmod(number - 1, 26)
    last = chr(ord("A") + letter)
    if doubled:
        return last * (round_ + 1)
    return (chr(ord("A") + round_ - 1) if round_ else "") + last


def in_roman(number: int) -> str:
    """4 as IV; '' for what Romans did not write."""
    if not 1 <= number <= MAX_ROMAN:
        return ""
    written = ""
    for value, letters in ROMAN:
        times, number = divmod(number, value)
        written += letters * times
    return written


def whole_number(words: str | None, otherwise: int) -> int:
    """A number as an attribute holds it, within what is counted; `otherwise` where it holds none."""
    is_number = words is not None and words.isascii() and words.isdigit()
    return min(int(words[:9]), MAX_NUMBER) if words is not None and is_number else otherwise
