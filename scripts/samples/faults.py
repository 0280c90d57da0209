"""What is wrong with the samples on purpose, so that a run shows what it does about it. docs/samples.md lists it."""

import random
from dataclasses import replace
from pathlib import Path

from samples.texts import Text, slug, written

_PEOPLE = ("Ana Ribeiro Lima", "João Batista Nunes", "Marlene Figueira", "Cícero Alves Prado", "Dalva Moreira", "Otávio Serra")
_SUBJECTS = (
    "a compra de livros para a biblioteca da escola",
    "o calendário das oficinas de leitura",
    "a reforma da sala de informática",
    "o passeio ao museu do bairro",
    "a horta mantida pelas turmas do sexto ano",
    "o empréstimo de instrumentos para a banda",
)


def minutes_with_personal_data(seed: int) -> list[Text]:
    """Minutes of invented meetings that name invented people with CPF (valid check digits), e-mail and telephone."""
    draw = random.Random(seed)
    form, debates = stray("ata", "pt-BR"), stray("ata-debates", "pt-BR").body.split("\n\n")
    texts: list[Text] = []
    for number, (person, subject, debate) in enumerate(zip(_PEOPLE, _SUBJECTS, debates, strict=True), start=1):
        filled = {
            "number": number,
            "day": number + 4,
            "person": person,
            "subject": subject,
            "debate": debate,
            "cpf": _cpf(draw),
            "mail": f"{slug(person.split()[0])}.{number}@example.org",
            "phone": f"(11) 9{draw.randrange(1000, 9999)}-{draw.randrange(1000, 9999)}",
        }
        texts.append(replace(form, name=f"ata-{number:02}", title=form.title.format(**filled), body=form.body.format(**filled)))
    return texts


def _cpf(draw: random.Random) -> str:
    digits = [draw.randrange(10) for _ in range(9)]
    for _ in range(2):
        weighted = sum(d * w for d, w in zip(digits, range(len(digits) + 1, 1, -1), strict=True))
        digits.append((weighted * 10 % 11) % 10)
    d = "".join(map(str, digits))
    return f"{d[:3]}.{d[3:6]}.{d[6:9]}-{d[9:]}"


def copied(text: Text, name: str) -> Text:
    """The same document under another name."""
    return replace(text, name=name)


def nearly_copied(text: Text, name: str) -> Text:
    """The same document as another hand typed it: its second paragraph is missing, and a note of the copyist is added."""
    first, *rest = text.body.split("\n\n")
    body = "\n\n".join([first, *rest[1:], "Copia del taller de lectura, cotejada con el original."])
    return replace(text, name=name, body=body)


def garbled(text: Text, every: int = 3) -> Text:
    """UTF-8 that was read as Windows-1252 by an old program: every third paragraph."""
    paragraphs = text.body.split("\n\n")
    broken = [_misread(p) if n % every == 0 else p for n, p in enumerate(paragraphs)]
    return replace(text, body="\n\n".join(broken))


def _misread(words: str) -> str:
    return words.encode("utf-8").decode("cp1252", errors="ignore")


def with_image_junk(text: Text) -> Text:
    """What a converter from PDF leaves where a picture was."""
    return replace(text, body="<!-- image -->\n\n" + text.body.replace("\n\n", "\n\n<!-- image -->\n\n", 2))


def flip_a_letter(folder: Path) -> None:
    """Change one letter of the first document after its checksum was written: same size, other bytes."""
    path = sorted((folder / "data").iterdir())[0]
    content = path.read_text(encoding="utf-8")
    at = content.rindex("a")
    path.write_text(content[:at] + "e" + content[at + 1 :], encoding="utf-8")


def thin(language: str) -> list[Text]:
    """Two documents that no model should learn from: a stub, and a page that repeats one line."""
    return [
        Text("sin-texto", "Sin texto", language, "(falta)"),
        Text("pie-de-pagina", "Pie de página", language, "\n\n".join(["Página 1 de 1 — documento escaneado"] * 40)),
    ]


_TYPEWRITER = str.maketrans({
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "ʼ": "'", "–": "-", "—": "-", "…": "...", "•": "-", "→": "->", "\u200b": "",
    "\u2011": "-", "\u00a0": " ", "€": "EUR", "œ": "oe", "\u2009": " ", "\u202f": " ",
})  # fmt: skip


def typewritten(text: Text) -> Text:
    """The text in the letters of Latin-1: typographic marks as a typewriter has them; what has no such letter is left out."""
    plain = text.body.translate(_TYPEWRITER)
    kept = [p for p in plain.split("\n\n") if _is_latin_1(p)]
    title = text.title.translate(_TYPEWRITER).encode("latin-1", errors="ignore").decode("latin-1")
    return replace(text, title=title, body="\n\n".join(kept))


def _is_latin_1(words: str) -> bool:
    try:
        words.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def stray(name: str, declared_language: str) -> Text:
    """A text of written/stray/ under the language that its partner declares, which need not be its own."""
    return next(text for text in written("stray", declared_language) if text.name == name)
