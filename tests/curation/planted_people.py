"""Invented e-mails, phones, addresses, accounts, names and children, in sentences that people write; and look-alikes that stay.

Written by hand from letters, notices, court papers and forms, not from the rules: among them are some that the rules do not find.
The names are common ones put together by chance. `secret` is what must not be left of a sentence.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

Draw = random.Random
FIRST = ("Rosa", "Juan", "María José", "Pedro", "Luzia", "João", "Ana", "Wilmer", "Yolanda", "Jacinto", "Marisol", "Edivaldo")
LAST = (
    "Quispe",
    "Mamani",
    "Pérez",
    "da Silva",
    "Huenchumilla",
    "González",
    "Souza",
    "Ñancupil",
    "Morales",
    "Xicoténcatl",
    "Batista",
)
STREETS = ("Los Olivos", "Bolívar", "Sucre", "San Martín", "Huáscar", "9 de Julio", "Benito Juárez", "Los Álamos")
RUAS = ("das Flores", "São João", "Sete de Setembro", "da Praia", "Tiradentes")
HOSTS = ("gmail.com", "correo.unal.edu.co", "uol.com.br", "archivo.gob.mx", "hotmail.es", "yahoo.com.ar")


@dataclass(frozen=True)
class Sentence:
    """A sentence, and what in it is somebody's; '' where nothing is."""

    text: str
    secret: str = ""


@dataclass(frozen=True)
class People:
    """One kind of personal data: how it is written, and what looks like it."""

    kind: str
    planted: Callable[[Draw], Sentence]
    look_alike: Callable[[Draw], str]


def _digits(draw: Draw, shape: str) -> str:
    """'9 #### ####' with digits for the signs, the first of them no zero."""
    return "".join(
        (draw.choice("123456789") if n == 0 else draw.choice("0123456789")) if c == "#" else c for n, c in enumerate(shape)
    )


def _name(draw: Draw) -> str:
    return f"{draw.choice(FIRST)} {draw.choice(LAST)} {draw.choice(LAST)}"


def _put(draw: Draw, secret: str, *frames: str) -> Sentence:
    return Sentence(draw.choice(frames).replace("{}", secret), secret)


def email(draw: Draw) -> Sentence:
    user = f"{draw.choice(FIRST).split()[0].lower()}{draw.choice(('.', '_', ''))}{draw.randrange(1, 999)}"
    user, host = user.translate(str.maketrans("áéíóúñ", "aeioun")), draw.choice(HOSTS)
    address = draw.choice(
        (f"{user}@{host}", f"{user}@{host}", f"{user} [arroba] {host}", f"{user}(at){host}", f"{user} @ {host}")
    )
    return _put(
        draw, address, "Escríbame a {}.", "Contacto: {}", "dúvidas: {}, obrigado", "<{}> escribió ayer", "mi correo es {}"
    )


def not_an_email(draw: Draw) -> str:
    return draw.choice(
        ("Lo firmó @cronista_del_puerto.", "compró 3 @ de café a $ 20", "La arroba (@) es una medida.", "a@b, dice el manual")
    )


def phone(draw: Draw) -> Sentence:
    shapes = (
        "9########",
        "9 #### ####",
        "(011) ####-####",
        "+56 9 #### ####",
        "+55 11 9####-####",
        "### ### ####",
        "####-####",
        "## 9####-####",
    )
    written = _digits(draw, draw.choice(shapes))
    frames = ("Llámeme al {}.", "llame al {} por la tarde", "Tel.: {}", "mi celular es el {}", "WhatsApp {}", "ligue para {}")
    return _put(draw, written, *frames, "Informes: {}", "fone {}", "PIX {}", "Se atiende en el {}", "comuníquese al {}")


def not_a_phone(draw: Draw) -> str:
    old = draw.randrange(1800, 1990)
    return draw.choice(
        (
            f"Gobernó en {old}-{old + 4}.",
            f"páginas {_digits(draw, '###')}-{_digits(draw, '###')}",
            f"llamó a {_digits(draw, '####')} obreros",
        )
        + (f"vendieron {_digits(draw, '###')}.000 quintales", f"legajo {_digits(draw, '####')}, folio {_digits(draw, '##')}")
    )


def address(draw: Draw) -> Sentence:
    number = draw.randrange(10, 4000)
    spanish, rua = f"{draw.choice(STREETS)} {number}", f"Rua {draw.choice(RUAS)}, {number}"
    way = draw.choice(("calle", "Av.", "jirón", "pasaje", "avenida"))
    frames = ("vive en {}", "domiciliada en {}, de esta ciudad", "Dirección: {}", "con domicilio en {}", "residente en {}")
    if draw.random() < 0.3:
        return _put(draw, rua, "mora na {}", "Endereço: {}", "residente na {}")
    if draw.random() < 0.1:
        return _put(draw, spanish, "domiciliado en {}", "su casa de {}")  # without a word for the street
    return _put(draw, f"{way} {spanish}", *frames)


def not_an_address(draw: Draw) -> str:
    street = f"{draw.choice(STREETS)} {draw.randrange(10, 900)}"
    return draw.choice(
        (f"El museo está en la calle {street}.", f"En la avenida {street} hubo un cine.", "la calle 14 era de tierra")
    )


def account(draw: Draw) -> Sentence:
    written = _digits(draw, draw.choice(("###-######-#", "##########", "##-###-######-##", "#####-#", "####.##.######-#")))
    frames = (
        "cuenta corriente N° {}",
        "cta. cte. {}",
        "caja de ahorros {}",
        "conta corrente {}",
        "conta poupança: {}",
        "cuenta vista {}",
    )
    return _put(draw, written, *frames, "depositar en la cuenta {}", "agência 0123, conta {}")


def not_an_account(draw: Draw) -> str:
    return draw.choice(
        (
            f"la cuenta llegó a {_digits(draw, '###')}.000 pesos",
            f"cuenta con {_digits(draw, '##')}.450 habitantes",
            "una cuenta corriente cualquiera",
        )
    )


def name(draw: Draw) -> Sentence:
    id_, tel = _digits(draw, "##.###.###"), _digits(draw, "####-####")
    frames = (
        f"{{}}, DNI {id_}, declaró",
        "Firmado: {}",
        f"la señora {{}}, tel. {tel}",
        "{}, domiciliada en calle Sucre 12",
        "Nombre completo: {}",
        f"{{}}, argentino, casado, D.N.I. {id_}",
        "don {}, correo pedro@archivo.org",
        f"con DNI {id_}, {{}} compareció",
    )
    return _put(draw, _name(draw), *frames)


def name_alone(draw: Draw) -> Sentence:
    return _put(draw, _name(draw), "{} contó lo que vio.", "Ayer habló {} en la plaza.", "según {}, el río creció")


def not_a_name(draw: Draw) -> str:
    return draw.choice(
        (
            "Gabriela Mistral nació en Vicuña.",
            "La Universidad Nacional, DNI aparte, abrió.",
            "don Quijote y Sancho",
            "Nombre: el de la rosa",
        )
    )


def minor(draw: Draw) -> Sentence:
    who, age = _name(draw), draw.choice((*map(str, range(5, 18)), "siete", "doce", "dieciséis"))
    return _put(
        draw,
        who,
        f"La niña {{}}, de {age} años, alumna de la escuela de la loma, faltó a clases.",
        f"El menor {{}} ({age} años) declaró ante el juzgado con su tutora.",
        f"{{}}, de {age} anos de idade, aluno da escola municipal, mora com a avó.",
        f"Su hijo {{}}, de {age} años, quedó bajo custodia de la abuela.",
        f"{{}}, {age} añitos, va al colegio del barrio.",
    )


def not_a_minor(draw: Draw) -> str:
    return draw.choice(
        (
            "La niña, de diez años, corría por la playa.",
            "La escuela cumplió 15 años; la dirige Ana Paz Soto.",
            "Hace 12 años que Juan Pérez enseña.",
        )
        + ("Mi hijo tenía siete años cuando leyó a Julio Verne.",)
    )


NAMES = {
    "title and number, title and telephone": ("El señor {}, DNI 12.345.678, firmó.", "Doña {}, tel. 4567-8901, atiende."),
    "label of a form, signature, before an address": (
        "Nombre completo: {}",
        "Firmado: {}",
        "{}, domiciliada en calle Sucre 12, declaró.",
    ),
    "behind a title alone": ("La señora {} llegó temprano.", "O senhor {} chegou cedo.", "Don {} vende leña."),
    "introduced": ("Me llamo {} y nací en el valle.", "Meu nome é {} e moro na roça.", "Era hija de {} y no sabía leer."),
    "running text": ("{} contó lo que vio.", "Ayer habló {} en la plaza.", "Según {}, el río creció."),
    "a poet or a character, titled": (
        "La señora Gabriela Mistral llegó temprano.",
        "Don Pedro Páramo murió.",
        "O senhor Machado de Assis escreveu.",
    ),
}
"""Where a name may stand; the last are nobody's."""


def name_in(draw: Draw, frames: tuple[str, ...]) -> Sentence:
    """A name in one of some frames; a frame without a place for one holds nobody's."""
    frame = draw.choice(frames)
    return _put(draw, _name(draw) if "{}" in frame else "", frame)


PEOPLE = (
    People("e-mail", email, not_an_email),
    People("phone", phone, not_a_phone),
    People("address", address, not_an_address),
    People("bank account", account, not_an_account),
    People("name that its text makes personal data", name, not_a_name),
    People("name in running text alone", name_alone, not_a_name),
    People("child in a record", minor, not_a_minor),
)
