"""What is wrong with the samples on purpose, so that a run shows what it does about it. docs/samples.md lists it."""

import random
from dataclasses import replace
from pathlib import Path

from samples.texts import Text

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
    draw = random.Random(seed)  # noqa: S311
    texts: list[Text] = []
    for n, (person, subject) in enumerate(zip(_PEOPLE, _SUBJECTS, strict=True), start=1):
        mail = f"{person.split()[0].lower()}.{n}@example.org".replace("ã", "a").replace("í", "i").replace("á", "a")
        phone = f"(11) 9{draw.randrange(1000, 9999)}-{draw.randrange(1000, 9999)}"
        body = (
            f"Aos {n + 4} dias do mês de março, reuniu-se o conselho da cátedra para tratar de um só assunto: {subject}. A reunião "
            f"foi aberta por {person}, que apresentou a proposta e respondeu às perguntas dos presentes.\n\n"
            f"Depois de ouvidas as turmas, decidiu-se por maioria que {subject} será responsabilidade de uma comissão de três "
            "pessoas, com prazo até o fim do semestre. A comissão prestará contas em nova reunião, aberta às famílias.\n\n"
            f"Para os efeitos do contrato, registram-se os dados da pessoa responsável: {person}, CPF {_cpf(draw)}, correio "
            f"eletrônico {mail}, telefone {phone}. Nada mais havendo a tratar, encerrou-se a reunião e lavrou-se esta ata, lida "
            "e aprovada por todos."
        )
        texts.append(Text(f"ata-{n:02}", f"Ata da {n}ª reunião do conselho", "pt-BR", body))
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
    "\u2011": "-", "\u00a0": " ", "€": "EUR", "œ": "oe", "\u2009": " ", "\u202f": " ", "‑": "-",
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


TRANSLATORS_NOTE = (
    "This note belongs to the translators and was left among the texts by mistake. Please review every string before the release, "
    "keep the placeholders where they are, and do not translate the names of programs. When a sentence is longer than its button, "
    "ask in the channel of the team before you cut it. Strings that were changed in the last month are marked, and the list of those "
    "that nobody has read yet is kept by the coordinator, who updates it on Fridays."
)
"""English in a record that declares Guarani."""

FOREWORD = (
    "Esta página la escribió el equipo del museo para presentar la traducción que sigue. La declaración se leyó en voz alta en la "
    "escuela de la comunidad, primero en aimara y después en castellano, y las personas mayores corrigieron palabras que ya casi no "
    "se usan. Agradecemos a quienes prestaron su tiempo y su voz.\n\n"
    "Quien quiera usar estas páginas en clase puede copiarlas. Pedimos solamente que se diga de dónde vienen y que los cambios se "
    "marquen, para que la comunidad pueda volver a revisarlas."
)
"""Spanish on a page that declares Aymara."""
