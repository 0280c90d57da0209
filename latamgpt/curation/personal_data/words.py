"""The words by which people name an identifier, in Spanish, Portuguese and English, as parts of a regular expression."""

RUT = r"r\.?u\.?[tn]\.?|rol [úu]nico(?: tributario| nacional)?"
NIT = r"n\.?i\.?t\.?|n[úu]mero de identificaci[óo]n tributaria"
RUC = r"r\.?u\.?c\.?|registro [úu]nico de contribuyentes?"
DNI = (
    r"d\.?n\.?i\.?|c\.?u\.?i\.?|documento (?:nacional(?: de identidad)?|[úu]nico|de identidad|de identificaci[óo]n)|"
    r"l\.?[ec]\.?(?=\W{0,3}(?:n[.º°o]{0,3}\s?)?$)"
)
CEDULA = (  # 'cc' is also what engines are measured in: it has to stand directly before the number
    r"c[ée]dulas?|cedulad[oa]|c\.\s?[ci]|c[ci](?=\W{0,3}(?:n[.º°o]{0,3}\s?)?$)|carn[ée]t? de identidad|"
    r"documento de identi(?:dad|ficaci[óo]n)|identificaci[óo]n"
)
CARNET = r"carn[ée]t?|c\.?\s?i\.?|n[úu]mero de identidad"
CPF = r"c\.?p\.?f\.?(?:/mf)?"
CNPJ = r"c\.?n\.?p\.?j\.?(?:/mf)?"
CUIT = r"c\.?u\.?i\.?[tl]\.?|clave [úu]nica"
RFC = r"r\.?f\.?c\.?|registro federal de contribuyentes"
CURP = r"c\.?u\.?r\.?p\.?|clave [úu]nica de registro"
RG = r"r\.?g\.?|registro geral|(?:carteira|c[ée]dula) de identidade|identidade"
PIS = r"p\.?i\.?s\.?(?:/pasep)?|pasep|n\.?i\.?s\.?|integra[çc][ãa]o social|cad\.?[úu]nico|cadastro [úu]nico"
TITULO = r"t[íi]tulo (?:de eleitora?|eleitoral)|inscri[çc][ãa]o eleitoral"
CNH = r"c\.?n\.?h\.?|habilita[çc][ãa]o"
RENAVAM = r"renavam"
PIX = r"pix"
NSS = r"n\.?s\.?s\.?|segur(?:o|idad) social|i\.?m\.?s\.?s\.?"
RIF = r"r\.?i\.?f\.?|registro (?:[úu]nico )?de informaci[óo]n fiscal"
DUI = r"d\.?u\.?i\.?|documento [úu]nico de identidad|n\.?i\.?t\.?"
DPI = r"d\.?p\.?i\.?|c\.?u\.?i\.?|documento personal de identificaci[óo]n"
RNC = r"r\.?n\.?c\.?|registro nacional (?:de|del) contribuyentes?"
RTN = r"r\.?t\.?n\.?|registro tributario nacional"
DIMEX = r"dimex|documento de identidad migratorio"
TRN = r"t\.?r\.?n\.?|taxpayer registration number"
CBU = r"c\.?[bv]\.?u\.?"
CLABE = r"clabe(?: interbancaria)?|transferencias?|dep[óo]sitos?|cuenta"
CARD = r"tarjetas?|cart[ãa]o|visa|master\s?card|amex|american express|credit card|d[ée]bito|cr[ée]dito"
ACCOUNT = (
    r"(?:cuenta|cta\.?)\s(?:bancaria|corriente|cte\.?|vista|rut|de ahorros?|ahorros?)|caja de ahorros?|"
    r"conta(?:[- ]corrente|[- ]poupan[çc]a| banc[áa]ria)|c/c"
)
ACCOUNT_ALONE = (
    r"(?:cuenta|cta\.?|conta)(?=\W{0,3}(?:n[.º°o]{0,3}\s?|n[úu]mero\s?)?:?\s?$)"  # also a verb: only before a number with dashes
)
POSTCODE = r"c\.?e\.?p\.?"
PHONE = (
    r"tels?|tel[ée]fonos?|telef|telefones?|tel[ée]fax|fax|celular(?:es)?|cel|fonos?|fones?|m[óo]vil|whats\s?app|wsp|phone|"
    r"mobile|contacto|contato|pix|"
    r"(?:ll[áa]m(?:[ae]|[ae]me|[ae]nos|ar|arme|arnos|en|enme|ennos)|marque|ligue|ligar|disque|telefone[ae]?r?|comun[íi]que(?:se|nse)|comunicarse|informes|escr[íi]b[ae](?:me|nos))"
    r"(?=\W{0,3}(?:(?:al?|o|para|pro|no|n[.º°]{1,2}|n[úu]mero|whats\s?app) ?){0,3}:?\s?$)"
)
