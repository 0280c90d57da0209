"""Dates as partners write them, in Spanish, Portuguese and English, and what of them is no date."""

from datetime import date

import pytest

from latamgpt.intake.periods import Understood, period_of

TODAY = date(2026, 11, 22)
DECADES = {
    "1890s": (
        "1890", "1898.0", "1890-05", "1890-05-12", "1890-05-12T00:00:00Z", "1890-05-12 00:00:00", "1890/05/12", "18900512",
        "18900512103000", "12/05/1890", "12-05-1890", "12.5.1890", "05/31/1890", "05/1890", "12-V-1890", "12.xii.1890",
        "12 de mayo de 1890", "1º de mayo de 1890", "3 de março de 1890", "1o de março de 1890", "12 mayo 1890", "mayo de 1890",
        "Maio de 1890", "mayo 12 de 1890", "May 12, 1890", "12th of May 1890", "May 1890", "Set. 1890",
        "jueves, 12 de junio de 1890", "sexta-feira, 3 de outubro de 1890", "Mon, 12 May 1890 10:00:00 GMT", "[1890]",
        "[1890?]", "1890?", "1890~", "1890 (aprox.)", "c. 1890", "ca. 1890", "c1890", "c.1890", "circa 1890", "hacia 1890",
        "alrededor de 1890", "cerca de 1890", "por volta de 1890", "© 1890", "cop. 1890", "impreso en 1890",
        "publicado em 1890", "año de 1890", "Año 1890", "ano 1890", "en 1890", "1890s", "1890's", "década de 1890", "años 1890",
        "anos 1890", "[189-]", "189-", "[189-?]", "189?", "189X", "189x", "189u", "c. 1890-1895", "1890-1895", "1890–1895",
        "1890—95", "1890-95", "1890/1891", "1890/91", "entre 1890 y 1895", "entre 1890 e 1895", "de 1890 a 1895",
        "1890 al 1895", "1890 hasta 1895", "1890 até 1895", "[entre 1890 y 1899?]", "1898-1901", "1890-05-12/1890-06-01",
        "1890..1895", "1890 y 1891", "1890; 1893", "mayo de 1890 - junio de 1891", "1890-00-00", "1890-05-00", "XII-1890",
        "1890 d.C.", "«1890».",
    ),
    "2020s": ("2026-11-22", "2026", "22/11/2026", "2020s"),
    "1000s": ("1000",),
    "1990s": ("31/12/1999", "29/02/1996"),
}  # fmt: skip
CENTURIES = {
    "19th century": (
        "s. XIX", "S. XIX", "siglo XIX", "Siglo xix", "século XIX", "sec. XIX", "SÉC. XIX", "19th century", "XIX century",
        "XIX", "siglo 19", "fines del siglo XIX", "principios del siglo XIX", "mediados del s. XIX",
        "segunda mitad del siglo XIX", "fins do século XIX", "siglos XIX-XX", "siglos XIX y XX", "s. XIX-XX",
        "late 19th century", "18--", "[18--?]", "18??", "18XX", "18uu", "1800s", "1810-1899", "1850-1950", "1888-1899",
        "[entre 1810 y 1825]",
    ),
    "18th century": ("siglo XVIII", "s. XVIII", "1700-1799"),
    "20th century": ("19--", "1900s", "siglo XX"),
    "21st century": ("siglo XXI", "20--"),
    "16th century": ("s. XVI", "1532-1598"),
}  # fmt: skip
UNDATED = (
    "", "  ", "s.f.", "s/f", "S.F", "[s.f.]", "s.d.", "[s. d.]", "n.d.", "sin fecha", "Sem data", "null", "NaT", "0000-00-00",
    "----", "?",
)  # fmt: skip
WRONG = {
    "no calendar": (
        "31/02/1890", "1890-02-30", "30 de febrero de 1890", "1890-13-01", "29/02/1900", "99/99/1890", "18901340", "1890-00-12",
    ),
    "lies after": ("9999", "9999-12-31", "2027", "2026-11-23", "23/11/2026", "siglo 22", "2030s", "2031-2035"),
    "lies before": ("0001-01-01", "0999", "s. V"),
    "open at one side": (
        "antes de 1890", "después de 1890", "desde 1890", "a partir de 1890", "1890-1891-", "1890/..", "../1890", "1890-",
    ),
    "ends before": ("1895-1890", "1895-90", "1999 a 1998"),
    "computers write": ("1970-01-01", "1970-01-01T00:00:00Z", "01/01/1900", "1899-12-30"),
    "not read as a date": (
        "90", "'90", "años 90", "12/05/90", "890", "18900", "Lima", "ayer", "primavera", "época colonial", "MDCCCXC", "siglo",
        "1890 Lima 1891 x", "12 de brumario de 1890", "XIIII", "½",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("period", "written"), [(p, w) for p, all_ in (DECADES | CENTURIES).items() for w in all_])
def test_a_date_as_partners_write_it_gives_its_decade_or_century(period: str, written: str) -> None:
    assert period_of(written, TODAY) == Understood(period)


@pytest.mark.parametrize("written", UNDATED)
def test_what_says_that_there_is_no_date_is_unknown_and_no_fault(written: str) -> None:
    assert period_of(written, TODAY) == Understood()


@pytest.mark.parametrize(("why", "written"), [(why, w) for why, all_ in WRONG.items() for w in all_])
def test_what_is_no_date_is_not_guessed_and_says_why(why: str, written: str) -> None:
    understood = period_of(written, TODAY)
    assert understood.value == "unknown"
    assert why in understood.fault


def test_what_is_too_long_for_a_date_is_not_quoted_since_it_may_be_a_text() -> None:
    assert period_of("un texto muy largo " * 500, TODAY).fault == "a value of more than 80 characters is no date"
    assert len(period_of("x" * 80, TODAY).fault) < 150


@pytest.mark.parametrize("written", ["Juana Quispe", "12.345.678-5", "45678901", "4567-8901", "calle Sucre 3, 1890"])
def test_what_may_be_a_person_s_data_is_never_quoted(written: str) -> None:
    assert period_of(written, TODAY).fault.startswith(f"a value of {len(written)} characters ")


@pytest.mark.parametrize("written", ["31/02/1890", "9999", "2999-01-01"])
def test_a_wrong_date_in_digits_is_shown(written: str) -> None:
    assert f"'{written}'" in period_of(written, TODAY).fault
