"""What kind of text a document is: one closed vocabulary, and the words of catalogues that mean one of its kinds.

Only a word that says what a text is counts. 'Text', 'Book', 'Article' and DCMI's other types (Image, Sound ...) name a carrier or
a form that many kinds have, and no kind; keywords of a subject ('laws', of an essay about them) are not asked at all.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from latamgpt.intake.periods import Understood

MAX_CHARS = 80  # of a word for a kind; what is longer is prose


class DocumentKind(StrEnum):
    """What kind of text a document is."""

    LITERATURE = "literature"  # fiction, poetry, drama, essays, tales, memoirs
    ARCHIVE = "archive"  # papers that were not published: letters, minutes, registers, notebooks, manuscripts
    ORAL_RECORD = "oral_record"  # what was said, written down: interviews, testimonies, recorded tales and songs
    PRESS = "press"  # newspapers, magazines, bulletins, news
    LAW = "law"  # laws, decrees, rulings, treaties, declarations of rights, debates of parliaments
    SCIENCE = "science"  # theses, articles of journals, reports, conference papers
    EDUCATION = "education"  # schoolbooks, curricula, lessons, manuals
    OTHER = "other"  # known to be none of these: reference works, religion, programs' texts, pages of the web


WORDS: dict[DocumentKind, tuple[str, ...]] = {
    DocumentKind.LITERATURE: (
        "literature", "literatura", "literary text", "texto literario", "fiction", "ficcion", "ficcao", "novel", "novela",
        "romance", "short story", "cuento", "conto", "relato", "poetry", "poesia", "poem", "poema", "drama", "teatro",
        "obra de teatro", "play", "essay", "ensayo", "ensaio", "folktale", "leyenda", "lenda", "fabula", "cronica literaria",
        "memoir", "memorias", "autobiography", "autobiografia", "biography", "biografia", "children s literature",
        "literatura infantil", "novella",
    ),
    DocumentKind.ARCHIVE: (
        "archive", "archivo", "arquivo", "archival material", "archival document", "documento de archivo",
        "documento de arquivo", "manuscript", "manuscrito", "letter", "carta", "correspondence", "correspondencia", "minutes",
        "acta", "ata", "expediente", "diary", "diario personal", "diario de campo", "field notes", "cuaderno",
        "cuaderno de campo", "caderno", "register", "registro", "libro de actas", "livro de atas", "parish register",
        "testament", "testamento", "inventario", "personal papers",
    ),
    DocumentKind.ORAL_RECORD: (
        "oral record", "registro oral", "oral history", "historia oral", "oral tradition", "tradicion oral", "tradicao oral",
        "oral narrative", "narracion oral", "relato oral", "testimonio", "testimonio oral", "testemunho", "depoimento",
        "transcript", "transcription of speech", "transcripcion", "transcricao", "sound recording nonmusical", "spoken word",
        "entrevista", "interview", "entrevista oral", "oral interview", "historia de vida", "oral",
    ),
    DocumentKind.PRESS: (
        "press", "prensa", "imprensa", "newspaper", "periodico", "diario", "jornal", "jornais", "newspaper article", "news",
        "news article", "reportage news article", "noticia", "articulo periodistico", "articulo de prensa", "artigo de jornal",
        "magazine", "magazine article", "revista", "bulletin", "boletin", "boletim", "gaceta", "gazeta", "newsletter",
        "editorial", "hemeroteca", "cronica periodistica", "nota periodistica", "issue of newspaper", "semanario", "reportaje",
        "reportagem",
    ),
    DocumentKind.LAW: (
        "law", "ley", "lei", "leyes", "leis", "legislation", "legislacion", "legislacao", "legal document", "documento legal",
        "documento juridico", "norma", "norma juridica", "norma legal", "decree", "decreto", "resolucion", "resolucao",
        "ordenanza", "constitution", "constitucion", "constituicao", "treaty", "tratado", "jurisprudence", "jurisprudencia",
        "court ruling", "sentencia", "sentenca", "acordao", "fallo", "legal case", "legal case and case notes",
        "law report or digest", "statute", "diario oficial", "gaceta oficial", "boletin oficial", "official gazette",
        "parliamentary debate", "diario de sesiones", "declaration of rights", "contract", "contrato", "patent", "patente",
    ),
    DocumentKind.SCIENCE: (
        "science", "ciencia", "scientific article", "articulo cientifico", "artigo cientifico",
        "articulo de revista cientifica", "scholarly article", "research article", "research paper", "journal article",
        "articulo academico", "artigo academico", "thesis", "theses", "tesis", "tese", "dissertation", "disertacion",
        "dissertacao", "tesina", "trabajo de grado", "bachelor thesis", "master thesis", "doctoral thesis", "tesis de maestria",
        "tesis doctoral", "tesis de licenciatura", "trabajo de investigacion", "trabalho de conclusao de curso",
        "technical report", "informe tecnico", "relatorio tecnico", "research report", "informe de investigacion",
        "conference paper", "conference object", "conference publication", "conference proceedings", "ponencia", "preprint",
        "working paper", "documento de trabajo", "revista cientifica", "periodico cientifico", "info eu repo semantics article",
        "info eu repo semantics report",
    ),
    DocumentKind.EDUCATION: (
        "education", "educacion", "educacao", "textbook", "libro de texto", "libro escolar", "livro didatico",
        "material educativo", "material didactico", "material didatico", "educational material", "learning object",
        "learning resource", "objeto de aprendizaje", "objeto de aprendizagem", "recurso educativo", "curriculum", "curriculo",
        "plan de estudios", "programa de estudios", "lesson", "leccion", "guia didactica", "cartilla", "cartilha", "handbook",
        "manual", "course", "lecture", "manual escolar", "instruction", "cuaderno escolar", "caderno escolar",
    ),
    DocumentKind.OTHER: (
        "other", "otro", "otra", "outro", "outra", "otros", "outros", "dictionary", "diccionario", "dicionario", "encyclopedia",
        "enciclopedia", "grammar", "gramatica", "catalog", "catalogo", "religion", "religious text", "texto religioso",
        "biblia", "bible", "sermon", "sermao", "software", "software interface", "interfaz", "interface", "website", "web page",
        "web site", "pagina web", "sitio web", "blog", "blog posting", "blog post", "advertisement", "aviso publicitario",
        "recipe", "receta", "receita",
    ),
}  # fmt: skip
"""In small letters, without accents and signs, in the singular."""
KIND_OF = {word: kind for kind, words in WORDS.items() for word in words}
OPEN_ACCESS = re.compile(r"info:eu-repo/semantics/(?!article$|report$)", re.IGNORECASE)
BETWEEN_WORDS = re.compile(r"\s*(?:--|[,;|/>:]|\s-\s)\s*")


def kind_of(written: Iterable[str]) -> Understood:
    """The one kind that all of somebody's words mean; none where they mean two, or none of them means any.

    A fault never repeats the words: reports are published, and a field of such a name may hold a person's data.
    """
    stated = [word for word in written if word.strip()]
    kinds = sorted({kind for word in stated for kind in _kinds_in(word)})
    if len(kinds) == 1:
        return Understood(str(kinds[0]))
    if kinds:
        return Understood(fault=f"what is stated means two kinds: {' and '.join(kinds)}", is_contradicted=True)
    if stated and len(stated[0]) > MAX_CHARS:
        return Understood(fault=f"a value of more than {MAX_CHARS} characters is no word for a kind")
    return Understood(fault=f"a value of {len(stated[0])} characters is no word for a kind" if stated else "")


def _kinds_in(written: str) -> list[DocumentKind]:
    """Of the whole, where it is a word for a kind; else of its parts: 'Periódicos -- Perú', 'Texto / Poesía'."""
    if len(written) > MAX_CHARS:
        return []
    name = OPEN_ACCESS.sub("", written).rpartition("#")[2]
    whole = _known(name)
    return whole or [kind for part in BETWEEN_WORDS.split(name) for kind in _known(part)]


def _known(word: str) -> list[DocumentKind]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word)  # NewsArticle, as schema.org writes types
    bare = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    plain = " ".join(re.sub(r"[\W_]+", " ", bare.casefold()).split())
    singular = " ".join(re.sub(r"(?<=[a-z]{3})s$", "", one) for one in plain.split())
    shorter = " ".join(re.sub(r"(?<=[a-z]{3})(?:es)$", "", one) for one in plain.split())
    return next(([KIND_OF[form]] for form in (plain, singular, shorter) if form in KIND_OF), [])
