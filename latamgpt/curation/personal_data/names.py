"""Names of people in context: beside an identifier or a contact, after the label of a form, on a signature line.

A recogniser that takes every name would take Gabriela Mistral and Pedro Paramo out of a corpus of literature and history. So a
name is replaced only where the text itself makes it personal data: it introduces an identity number or follows one, it stands
with its title beside a number, an address or a contact, or a form asks for it. What these rules leave, `name_tagger` looks at.
"""

import re
from collections import Counter
from collections.abc import Iterable

TAG = "[NAME]"
LABELS = (
    r"RUT|RUN|DNI|CPF|RG|CUIT|CUIL|CURP|RFC|RUC|NIT|RIF|DUI|DPI|CUI|RTN|TRN|CNPJ|CC|CI|TI|CE|LE|LC|NSS|IBAN|CBU|CLABE|MF|N|"
    r"PIS|PASEP|NIS|CNH|RENAVAM|PIX"
)
WORD = rf"(?!(?:{LABELS})\b)(?:[A-ZÁÉÍÓÚÑÜÂÊÔÃÕÇ][A-Za-zÀ-ÿ]+(?:['’ʼ-][A-Za-zÀ-ÿ]+)*|[A-ZÁÉÍÓÚÑ]\.(?! ?[A-Z]\.))"
LINK = r"(?:(?:de|del|la|las|los|da|das|do|dos|e|y|van|von|di) ){0,2}"
FULL_NAME = rf"{WORD}(?: {LINK}{WORD}){{1,5}}"
ANY_NAME = rf"{WORD}(?: {LINK}{WORD}){{0,5}}"
TITLED = re.compile(
    r"(?<!\w)(?:(?i:don|doña|dona|dña\.|señor(?:a|ita)?|sra?\.|srta\.|senhora?|dra?\.|lic\.|ing\.|abog\.|prof\.|ciudadan[oa]|"
    rf"cidadão|cidadã|paciente|alumn[oa]|alun[oa]|solicitante|titular)) ({ANY_NAME})"
)
AFTER_COLON = re.compile(rf": ?({FULL_NAME})")
LABEL = re.compile(
    r"(?<!\w)(?:nombres?(?: completo| y apellidos?)?|apellidos?(?: y nombres?)?|nome(?: completo)?|firmad[oa](?: por)?|firma|"
    r"fdo\.?|assinad[oa](?: digitalmente)? por|assinatura|paciente|titular) ?$",
    re.IGNORECASE,
)
LABEL_CHARS = 28
BETWEEN = (  # 'con', 'portador del', 'brasileiro, casado, CPF nº', 'C.I.': what leads from a name to its number
    r"[,;:(\s]{0,3}(?:(?:[a-záéíóúñüâêôãõç/]+|[A-Z]{2,5}|(?:[A-Z]\.\s?){2,4}|N)[,;:()º°.\s]{1,4}){0,9}"
)
DIRECT = re.compile(rf"(?<![\w.])({FULL_NAME}){BETWEEN}$")
LIVING = re.compile(  # 'Rosa Quispe Mamani, domiciliada en': the name of who lives at an address
    rf"(?<![\w.])({FULL_NAME}){BETWEEN}"
    r"(?:domiciliad[oa]|domicilio|domicílio|endere[çc]o|residente|resid(?:e|ía|ia)|mora(?:dor|dora|va)?|viv(?:e|ía|ia|o)|direcci[óo]n)"
    r"[^\n.;\[\]]{0,24}$"
)
FOLLOWING = re.compile(  # 'con DNI 12.345.678, Ana Quispe Mamani compareció': behind the number, before what is said of her
    rf"[,;:)]{{0,2}} ({FULL_NAME}),? "
    r"(?=compare|declar|manifest|solicit|suscrib|firm|assin|asisti|acept|aceit|expres|expuso|requer|nacid[oa]|nascid[oa]|domiciliad|"
    r"residente|mayor de|maior de|solteir|solter|casad|viud|viúv|divorciad|en (?:su|calidad|representaci)|na qualidade)"
)
IDENTITY = re.compile(
    r"\[(?:CPF|RG|CUIT|DNI|RUT|CEDULA|CARNET|CURP|RFC|NSS|DUI|DPI|RTN|TRN|PIS|TITULO|CNH|RENAVAM|PIX|DIMEX|RIF|RUC|NIT|CBU|CLABE|IBAN|CARD|ACCOUNT)\]"
)
CONTACT = re.compile(r"\[(?:EMAIL|PHONE|ADDRESS)\]")
BESIDE_IDENTITY_CHARS, BESIDE_CONTACT_CHARS = 140, 80
NOT_A_PERSON = re.compile(
    r"(?<!\w)(?:"
    r"alcalde|alcaldesa|anónima|archivo|arquivo|asociación|associação|banco|biblioteca|carnet|centro|clave|clínica|"
    r"colegio|colégio|companhia|compañía|consejo|conselho|contacto|contato|cooperativa|corporación|correo|cédula|"
    r"departamento|dirección|director|directora|diretor|diretora|diretoria|documento|editora|editorial|empresa|"
    r"escola|escuela|estado|faculdade|facultad|federal|fundación|fundação|gobernador|gobernadora|gobierno|governo|"
    r"hospital|identidad|instituto|juez|jueza|liceo|limitada|ltda|ministerio|ministra|ministro|ministério|"
    r"municipalidad|municipio|município|museo|museu|nacional|number|obispo|prefeitura|presidenta|presidente|rector|"
    r"rectora|registration|registro|república|s\.a\.|secretaria|secretario|secretaría|servicio|serviço|sociedad|"
    r"sociedade|tarjeta|taxpayer|telefone|teléfono|tesorero|universidad|universidade"
    r")(?!\w)",
    re.IGNORECASE,
)


def mask_names(text: str, counts: Counter[str]) -> str:
    """Replace names that a label asks for, or that stand beside what was replaced already; then wherever else they stand."""
    spans: set[tuple[int, int]] = set()
    if ":" in text:
        spans = {match.span(1) for match in AFTER_COLON.finditer(text) if _is_label(text, match.start())}
    if "]" in text:
        for found in CONTACT.finditer(text):
            spans |= _titled(text, found.start(), BESIDE_CONTACT_CHARS)
            if found[0] == "[ADDRESS]":
                spans |= _introducing(text, found.start(), LIVING)
        for found in IDENTITY.finditer(text):
            spans |= _titled(text, found.start(), BESIDE_IDENTITY_CHARS) | _introducing(text, found.start(), DIRECT)
            if following := FOLLOWING.match(text, found.end()):
                spans.add(following.span(1))
    names = {text[start:end] for start, end in spans if " " in text[start:end] and _is_person(text[start:end])}
    return replace_names(_tagged(text, sorted(spans), counts), names, counts)


def replace_names(text: str, names: Iterable[str], counts: Counter[str]) -> str:
    """Replace these names wherever they stand, the longest first."""
    for name in sorted(names, key=lambda name: (-len(name), name)):
        text, num_replaced = re.subn(rf"(?<!\w){re.escape(name)}(?!\w)", TAG, text)
        counts.update({"NAME": num_replaced} if num_replaced else {})
    return text


def _is_label(text: str, colon: int) -> bool:
    return LABEL.search(text, max(0, colon - LABEL_CHARS), colon) is not None


def _titled(text: str, end: int, num_chars: int) -> set[tuple[int, int]]:
    start = _paragraph_start(text, end, num_chars)
    return {match.span(1) for match in TITLED.finditer(text, start, end)}


def _introducing(text: str, end: int, leading: re.Pattern[str]) -> set[tuple[int, int]]:
    match = leading.search(text, _paragraph_start(text, end, BESIDE_IDENTITY_CHARS), end)
    return {match.span(1)} if match else set()


def _paragraph_start(text: str, end: int, num_chars: int) -> int:
    """At most so many characters back, in the same paragraph, at the beginning of a word."""
    start = max(0, end - num_chars)
    paragraph = text.rfind("\n\n", start, end)
    start = paragraph + 2 if paragraph >= 0 else start
    while 0 < start < end and text[start - 1].isalnum():
        start += 1
    return start


def _tagged(text: str, spans: list[tuple[int, int]], counts: Counter[str]) -> str:
    done: list[str] = []
    end = 0
    for start, stop in spans:
        if start < end or not _is_person(text[start:stop]):
            continue
        done += [text[end:start], TAG]
        end = stop
        counts["NAME"] += 1
    return "".join([*done, text[end:]])


def _is_person(name: str) -> bool:
    return NOT_A_PERSON.search(name) is None
