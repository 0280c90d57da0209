"""Words broken by line ends in plain text: joined where the document shows it, and nowhere else."""

import random
import re
import textwrap

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.intake.wrapped_text import MAX_BROKEN, join_wrapped_words
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.intake.deliveries import deliver, documents, register, take_in

LETTERS = ROOT / "samples" / "archivo-cauca" / "guia-escuelas" / "textos"
BROKEN = """El maestro rural llegó al pueblo en una balsa, con su perro y sus li-
bros atados con piolín, y preguntó por la escuela de la loma, que na-
die había visto abierta desde la creciente del año anterior. Nadie le
respondió esa mañana. El maestro dejó sus libros en el almacén del tur-
co, y al otro día volvió a preguntar por la escuela y por la creci-
ente, y entonces el turco le dijo que la llave la tenía la maestra vie-
ja, la que cruzó el río a nado cuando la creciente se llevó el puen-
te; que fuera a verla.
"""
WHOLE = """El maestro rural llegó al pueblo en una balsa, con su perro y sus libros
atados con piolín, y preguntó por la escuela de la loma, que nadie
había visto abierta desde la creciente del año anterior. Nadie le
respondió esa mañana. El maestro dejó sus libros en el almacén del turco,
y al otro día volvió a preguntar por la escuela y por la creciente,
y entonces el turco le dijo que la llave la tenía la maestra vieja,
la que cruzó el río a nado cuando la creciente se llevó el puente;
que fuera a verla.
"""
WITNESSES = "La maestra era muy vieja, y el puente, más.\n"


def test_words_broken_in_setting_are_joined_and_lines_stay() -> None:
    assert join_wrapped_words(BROKEN) == WHOLE
    assert join_wrapped_words(BROKEN.replace("\n", "\r\n")) == WHOLE.replace("\n", "\r\n")


def test_a_word_that_was_all_of_its_line_leaves_no_blank_line() -> None:
    text = BROKEN.replace("te; que fuera a verla.\n", "te.\n\nOtro día.")
    assert join_wrapped_words(text).endswith("se llevó el puente.\n\nOtro día.")
    assert join_wrapped_words(BROKEN.replace("te; que fuera a verla.\n", "te.")).endswith("se llevó el puente.")


def test_a_compound_that_stands_elsewhere_keeps_its_hyphen_and_its_line() -> None:
    compound = "Después habló con el delegado del lado de la montaña, y era el franco-\nchileno, y del tratado franco-chileno.\n"
    assert join_wrapped_words(BROKEN + WITNESSES + compound) == WHOLE + WITNESSES + compound


def test_where_a_hyphen_may_be_the_writer_s_only_words_that_stand_whole_elsewhere_are_joined() -> None:
    other = "Vino después el vice-intendente.\n"
    joined = join_wrapped_words(BROKEN + other)
    assert "libros\natados" in joined
    assert "creciente,\ny entonces" in joined
    assert "la maestra vie-\nja, la que" in joined
    assert join_wrapped_words(BROKEN + WITNESSES + other) == WHOLE + WITNESSES + other


def test_a_hyphen_at_the_end_of_a_short_line_stays() -> None:
    short = "al tur-\nco\n"
    assert join_wrapped_words(BROKEN + WITNESSES + short) == WHOLE + WITNESSES + short


LEFT = {
    "two broken words are no habit": "\n".join(BROKEN.splitlines()[2:5]),
    "a verse that breaks words": """Y mientras miserable-
mente se están los otros abrazando
con sed insaciable-
mente del peligroso mando,
tendido yo a la som-
bra esté cantando. Miserablemente, insaciablemente, a la sombra.
""",
    "dialogue": """-No sé qué hacer con la lancha -dijo el viejo, y miró la costa-
pero algo se hará con lo que queda del motor, y con el remo-
que no es poco. -Así es -dijo el otro, sin mirar la orilla-
y callaron hasta que pasó la balsa, que venía de la otra orilla.
"""
    * 4,
    "a dictionary of roots": "mbo-\nmboguata\npo-\npopyte\nñe-\nñembo\nje-\njehecha\nmo-\nmomaitei\nro-\nrohayhu\n" * 5,
    "affixes in a grammar": """En esta lengua el causativo se forma con un prefijo, que es mbo-
delante de la raíz, y con mo-
ante nasales; el reflexivo que se escribe casi siempre es je-
o bien ñe-; mbo- y mo- y je- son de uso diario, y -kuéra va detrás.
"""
    * 4,
    "code": """    value = total_of_all_columns_in_the_table(first) -\\
second
    result = one_name_that_is_long_enough_to_fill_it -
other
"""
    * 9,
    "speakers": "A: che aha-\nB: moõpa reho-\nA: okápe aha-\nB: néi aha-\n" * 9,
    "no line's width": "palabra que-\nbrada y o-\ntra y libros que-\nbrados y otra\n" * 9,
}


@pytest.mark.parametrize("case", sorted(LEFT))
def test_a_document_that_does_not_show_it_stays_as_it_came(case: str) -> None:
    assert join_wrapped_words(LEFT[case]) == LEFT[case]


def real_texts() -> list[str]:
    """Texts of the samples in Spanish, Portuguese, Guarani, Quechua, Mapudungun, Aymara, Nahuatl and others, each as one file."""
    plain = [path.read_text(encoding="latin-1") for path in sorted(LETTERS.glob("*.txt"))]
    marked = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "samples").rglob("*.md"))]
    lines = [line for path in sorted((ROOT / "samples").rglob("*.jsonl")) for line in path.read_bytes().splitlines()]
    records = [str(value) for line in lines for value in orjson.loads(line).values() if isinstance(value, str)]
    return ["\n".join(plain), *plain, *marked, *(text for text in records if len(text) > 300)]


@pytest.mark.parametrize("width", [60, 72])
def test_a_text_that_a_program_wrapped_at_its_own_hyphens_keeps_them_all(width: int) -> None:
    num_hyphens = 0
    for text in real_texts():
        wrapped = "\n".join(textwrap.fill(line, width) for line in text.splitlines())
        num_hyphens += len(re.findall(r"\w-\n\w", wrapped))
        assert join_wrapped_words(wrapped) == wrapped
    assert num_hyphens > 50


def with_broken_words(text: str, width: int, draw: random.Random) -> str:
    """Hard-wrapped, with words cut where a line is full: between a vowel and a consonant that a vowel follows."""
    lines, line = [""], ""
    for word in text.split():
        room = width - len(line) - 2
        cuts = [m.start() + 1 for m in re.finditer(r"(?<=\w)[aeiouáéíóú](?=[bcdfglmnprstv][aeiouáéíóú])", word[:room])]
        if len(line) + 1 + len(word) <= width:
            line = f"{line} {word}".lstrip()
        elif word.isalpha() and cuts and draw.random() < 0.8:
            lines.append(f"{line} {word[: cuts[-1]]}-")
            line = word[cuts[-1] :]
        else:
            lines.append(line)
            line = word
    return "\n".join([*lines[1:], line])


def test_of_the_words_of_a_real_text_that_were_broken_most_are_joined_and_none_wrongly() -> None:
    text = "\n".join(path.read_text(encoding="latin-1") for path in sorted(LETTERS.glob("*.txt")))
    words = set(text.split())
    broken = with_broken_words(text, 66, random.Random(5))
    joined = join_wrapped_words(broken)
    num_broken, num_left = (len(re.findall(r"\w-\n\w", one)) for one in (broken, joined))
    assert num_broken > 100
    assert num_left < 0.5 * num_broken
    assert {word for word in joined.split() if word not in words and word not in set(broken.split())} == set()


def test_a_soft_hyphen_says_so_itself_in_any_text() -> None:
    assert join_wrapped_words("río\u00ad\nplatense\ny a\u00ad\nmigo, sí") == "ríoplatense\ny amigo,\nsí"
    assert join_wrapped_words("co\u00adsa \u00ad\nsuelta") == "co\u00adsa \u00ad\nsuelta"


def test_addresses_and_capitals_are_no_broken_words() -> None:
    odd = "y la carta que se mandó a la dirección www.archivo-\ndelsur.org decía que EL PODER CONSTITUYENTE-\nNACIONAL no va.\n"
    assert join_wrapped_words(BROKEN + WITNESSES + odd) == WHOLE + WITNESSES + odd


@given(text=st.text(alphabet="ab -\n\rÁ’\u00ad\u2010\u0303\t.>¬", max_size=300))
def test_nothing_but_hyphens_and_blanks_is_moved(text: str) -> None:
    joined = join_wrapped_words(text * 3)
    assert re.sub(r"[\s\u00ad\u2010¬-]", "", joined) == re.sub(r"[\s\u00ad\u2010¬-]", "", text * 3)
    assert joined.count("-") <= (text * 3).count("-")


def test_a_text_that_breaks_more_words_than_any_book_stays_as_it_came() -> None:
    text = f"{'palabra ' * 7}cor-\ntada, {'palabra ' * 7}\n" * (MAX_BROKEN + 1)
    assert join_wrapped_words(text) == text


def test_every_format_that_came_as_text_is_mended(workspace: Workspace, params: Params) -> None:
    register(workspace)
    row = '"' + BROKEN + '"'
    record = orjson.dumps({"texto": BROKEN + "c"})
    files = {
        "a.txt": BROKEN,
        "b.md": BROKEN + "b",
        "c.jsonl": record,
        "d.csv": f'texto\n{row[:-1]}d"\n',
        "e.tsv": f'texto\n{row[:-1]}e"\n',
    }
    deliver(workspace, dict(files), format="files", fields={"text": "texto"})
    take_in(workspace, params)
    assert {str(row["text"]) for row in documents(workspace)} == {WHOLE + end for end in ("", "b", "c", "d", "e")}
