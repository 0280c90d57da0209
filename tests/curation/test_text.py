import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation.normalise import normalise
from latamgpt.curation.quality import judge, measure, thresholds_for
from latamgpt.curation.variety import has_voseo, variety_of
from latamgpt.registry.languages import thresholds_in_force
from tests.conftest import ROOT
from tests.curation.documents import SPANISH

QUALITY = thresholds_in_force(ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "ñe’ẽ mba'e g̃uarã",  # Guarani: glottal stop by either apostrophe, nasal g
        "kʼaslemal qʼij k'aslemal",  # K'iche': modifier letter apostrophe
        "ꞌyo ꞌndo tsꞌo",  # saltillo
        "tahua ʻoroŋo",  # okina
        "x² + 1ª ½ ﬁn ① Ⅳ",  # all of these NFKC would change
        "m̃ a̱ küme aṉtü",
    ],
)
def test_letters_of_the_region_stay_as_they_are_written(text: str) -> None:
    assert normalise(text) == text
    assert normalise(unicodedata.normalize("NFD", text)) == text


def test_nfkc_would_have_changed_a_glottal() -> None:
    text = "x² ŉa"
    assert unicodedata.normalize("NFKC", text) != text == normalise(text)


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("La niÃ±a y el seÃ±or", "La niña y el señor"),
        ("educaÃ§Ã£o e saÃºde", "educação e saúde"),
        ("dijo â€œsÃ­â€\x9d", "dijo “sí”"),
        ("ñandú, ã, Ângela, SÃO PAULO", "ñandú, ã, Ângela, SÃO PAULO"),
    ],
)
def test_mojibake_is_repaired_and_only_that(broken: str, whole: str) -> None:
    assert normalise(f"Primera línea.\n{broken}") == f"Primera línea.\n{whole}"


def test_page_junk_is_taken_out() -> None:
    pages = [f"Boletín del museo\nTexto de la página {n}, con 12 casas.\n1990\nfin\n- {n} -" for n in range(1, 6)]
    text = normalise("<!-- image -->\n" + "\f".join(pages))
    assert text.splitlines() == [line for n in range(1, 6) for line in (f"Texto de la página {n}, con 12 casas.", "1990", "fin")]


def test_numbers_alone_on_a_line_stay_where_there_are_no_pages() -> None:
    assert normalise("Capítulo\n12\nTexto") == "Capítulo\n12\nTexto"


def test_invisible_characters_and_spare_space_go() -> None:
    assert normalise("\ufeffuno\u200b  dos\u00ad\t tres \r\n\r\n\r\n\r\ncuatro\u202e") == "uno dos tres\n\ncuatro"


@given(st.text(max_size=300))
def test_normalising_never_fails_and_gives_nfc(text: str) -> None:
    assert unicodedata.is_normalized("NFC", normalise(text))


@given(st.text(alphabet=st.characters(categories=["L", "M", "N", "Zs"]) | st.just("\n"), max_size=300))
def test_normalising_plain_text_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "Vos tenés que venir.",
        "¿Y vos sos de acá?",
        "Vos no te acordás de nada.",
        "Seleccioná un archivo.",
        "Che, ¿podés venir?",
        "¿Cachái la cuestión?",
        "Decime, ¿qué querés hacer vos?",
    ],
)
def test_voseo_is_seen(text: str) -> None:
    assert has_voseo(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tú tienes que venir después, además el inglés es más fácil.",
        "Vosotros tenéis que venir.",
        "A vos, mi señor, vuestra merced me envía y vos sabéis por qué.",
        "Vivís en Madrid y salís mucho.",
        "El mes que viene estarás en París.",
        "Un SOS a través del mar.",
    ],
)
def test_what_is_no_voseo_is_not_taken_for_it(text: str) -> None:
    assert not has_voseo(text)


@pytest.mark.parametrize(
    ("language", "declared", "country", "same", "variety"),
    [
        ("es", "es", "AR", True, "es-AR"),
        ("es", "es-UY", "AR", True, "es-UY"),
        ("es", "und", "CO", False, "es-CO"),
        ("pt", "pt-BR", "BR", True, "pt-BR"),
        ("que", "quy", "PE", True, "quy"),
        ("nah", "nah", "MX", True, "nah"),
        ("gug", "gn", "PY", True, "gug"),
        ("que", "und", "PE", False, "que"),
        ("en", "en", "JM", True, "en"),
        ("es", "es", "", True, "es"),
        ("es", "es-419", "CL", True, "es-CL"),
        ("es", "es-419", "", True, "es"),
        ("pt", "pt-Latn-BR", "PT", True, "pt-BR"),
        ("es", "es-Latn", "PE", True, "es-PE"),
        ("quc", "quc-Latn", "GT", True, "quc"),
    ],
)
def test_a_variety_is_region_or_finer_code(language: str, declared: str, country: str, *, same: bool, variety: str) -> None:
    assert variety_of(language, declared, country, same_language=same) == variety


def test_an_empty_text_has_measures_and_no_division_by_zero() -> None:
    drop = judge(measure(""), thresholds_for(QUALITY, "arn"), "arn")
    assert drop is not None
    assert drop.reason == "too_few_chars"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("supercalifragilistico " * 6, "too_few_words"),
        (SPANISH + " = | {} # " * 40, "too_few_letters"),
        ("supercalifragilisticoespialidoso " * 21, "words_too_long"),
        (f"{SPANISH}\n" * 4, "lines_repeated"),
        (SPANISH + " casa | muro" * 20, "too_many_symbols"),
        (SPANISH + " c0sa vie]a igle~ia a1to hcrm0so paLabra" * 3, "words_noisy"),
        (f"{SPANISH} {SPANISH} {SPANISH}", "runs_repeated"),
        ("hotel barato lima, hoteles baratos en lima, reservar hotel lima, " * 20, "machine_made"),
    ],
)
def test_each_threshold_drops_what_it_is_for(text: str, reason: str) -> None:
    drop = judge(measure(text), thresholds_for(QUALITY, "es"), "es")
    assert drop is not None
    assert drop.reason == reason


def test_small_languages_keep_what_spanish_thresholds_would_drop() -> None:
    guarani = "Ñañemboʼekuaave hag̃ua ñanemandu'áva tembiasakuekuéra opavavépe g̃uarã."
    assert judge(measure(guarani), thresholds_for(QUALITY, "gug"), "gug") is None
    assert judge(measure(guarani), thresholds_for(QUALITY, "es"), "es") is not None


def test_apostrophes_and_combining_marks_count_as_letters() -> None:
    assert measure("k'o'ox g̃ua ꞌyo’").letter_share == 1.0
