"""What the tagger sees of a word: itself, its form, its neighbours, the words that introduce persons, and what is known of it.

The features are those that have served for names since conditional random fields were first used on them (Lafferty et al. 2001;
McCallum and Li 2003, https://aclanthology.org/W03-0430/), and some for our texts: registers in capitals, names turned round by
a comma, a word that the same text also writes with a small letter.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from latamgpt.curation.name_tagger.lexicon import Known, Places
from latamgpt.curation.name_tagger.words import Word

TITLE_WORDS = """
don doña dona dña señor señora señorita sr sra srta senhor senhora seu sinhá sinhô nhô nhá dr dra doctor doctora doutor
doutora lic licenciado licenciada ing abog prof profesor profesora profe professor professora maestro maestra mestre
mestra tío tía tio tia compadre comadre hermano hermana irmão irmã primo prima abuela abuelo avó avô padre fray frei sor
cabo sargento capitán capitão teniente tenente coronel soldado agente alumno alumna alumnos aluno aluna alunos paciente
testigo testigos testemunha testemunhas ciudadano ciudadana cidadão cidadã compañero compañera companheiro companheira
vecino vecina vizinho vizinha socio socia señores señoras viuda viúva esposo esposa marido mujer mulher hijo hija filho
filha mamá papá madrina padrino madrinha padrinho cacique lonko machi mama taita ñor ña misia
"""
SAYING_WORDS = """
llamo llama llamaba llamado llamada nombre nome chamo chama chamava chamado chamada de a con com por y e firma firmó
firmado assina assinou assinado suscribe nacido nacida bautizada bauticé baptizei casado casada presencia presença
atentamente atenciosamente fdo hoy según segundo novela novelas poema poeta poesía romance libro livro obra obras
presidente general libertador prócer escritor escritora escritores autor autora pintor pintora cantor cantora actor
actriz san santa são santo calle avenida av rua plaza praça hospital universidad universidade liceo colegio colégio
escuela escola instituto provincia departamento municipio município puerto porto villa vila barrio bairro cerro río rio
club clube
"""
TITLES, SAYING = frozenset(TITLE_WORDS.split()), frozenset(SAYING_WORDS.split())
APOSTROPHES = re.compile(r"['’ʼ`´-]")
ENDS, QUOTES = frozenset(".?!…\n:;"), frozenset('"«“—-¿¡')
TITLE_WORDS_BACK = 5


STEPS = (-2, -1, 1, 2)


def features_of(words: Sequence[Word], known: Known, own: Sequence[Places] | None = None) -> list[list[str]]:
    """A list of features for each word of a passage.

    Args:
        words: of the passage.
        known: what is known of words of names.
        own: where it was learned from this very passage: for each word what is not to be believed.
    """
    persons = known.persons_in(words)
    said = [known.said(word.text, number in persons, own[number] if own else frozenset()) for number, word in enumerate(words)]
    found: list[list[str]] = []
    for number, joint in enumerate(joint_features(words)):
        mine = own_features(words[number].text, said[number])
        for step in STEPS:
            place = number + step
            inside = 0 <= place < len(words)
            mine += beside_features(step, words[place].text, said[place]) if inside else [edge_feature(step)]
        found.append([*mine, *filter(None, joint)])
    return found


def own_features(text: str, said: Sequence[str]) -> list[str]:
    """Of a word by itself: its letters, form, ends, and what is known of it."""
    return [*_form(text), *said]


def beside_features(step: int, text: str, said: Sequence[str]) -> list[str]:
    """Of a word as a neighbour sees it that stands `-step` words from it."""
    lower, shape, role = _seen(text)
    return [f"{step}:w={lower}", f"{step}:s={shape}", *(f"{step}:{one}" for one in (*role, *said))]


def edge_feature(step: int) -> str:
    """Of a neighbour that is not there."""
    return f"{step}:edge"


def joint_features(words: Sequence[Word]) -> list[tuple[str, str, str, str, str, str]]:
    """For each word what several words together say of it; '' where they say nothing."""
    texts = ["", "", *(word.text for word in words), ""]
    seen = [_seen(text) for text in texts]
    small = {text for text in texts if text.islower()}
    title = -9  # the place of the last title
    found: list[tuple[str, str, str, str, str, str]] = []
    for at in range(2, len(texts) - 1):
        text, before, shape = texts[at], texts[at - 1], seen[at][1]
        title = at - 2 if "title" in seen[at - 2][2] else title
        starts = not before or before[0] in ENDS or (before in QUOTES and (texts[at - 2] or ".")[0] in ENDS)
        found.append(
            (
                f"pair={seen[at - 2][0]}|{seen[at - 1][0]}",
                f"between={seen[at - 1][0]}|{shape}|{seen[at + 1][0]}",
                f"shapes={seen[at - 1][1]}|{shape}|{seen[at + 1][1]}",
                f"start={starts}|{shape}",
                "title_near" if at - title <= TITLE_WORDS_BACK else "",
                "also_small" if text[0].isupper() and text.lower() in small else "",
            )
        )
    return found


@lru_cache(maxsize=1 << 16)
def _form(text: str) -> tuple[str, ...]:
    lower, shape, role = _seen(text)
    parts = [f"w={lower}", f"s={shape}", *role]
    if text[0] == "\n":
        return tuple(parts)
    if len(text) > 1:
        parts += [f"p{size}={lower[:size]}" for size in range(1, 5) if size < len(lower)]
        parts += [f"e{size}={lower[-size:]}" for size in range(1, 5) if size < len(lower)]
        parts.append(f"n={min(len(text), 8)}")
    if len(text) > 2 and text.isupper():
        parts.append("capitals")
    if APOSTROPHES.search(text):
        parts.append("joined")
    return tuple(parts)


@lru_cache(maxsize=1 << 16)
def _seen(text: str) -> tuple[str, str, tuple[str, ...]]:
    """A word as its neighbours see it: in small letters, its form, and whether it introduces."""
    lower = text.lower() if text[:1] != "\n" else "¶"
    role = ("title",) if lower in TITLES else ("saying",) if lower in SAYING else ()
    return lower if not lower.isdigit() else "0", _shape(text), role


def _shape(text: str) -> str:
    if not text or text[0] == "\n":
        return "edge" if not text else "line"
    if not text[0].isalnum():
        return text[0]
    if text.isdigit():
        return "0"
    if len(text) == 1:
        return "X" if text.isupper() else "x"
    if text.isupper():
        return "XX"
    if text[0].isupper():
        return "Xx" if text[1:].islower() else "XxX"
    return "x" if text.islower() else "xX"
