"""What a browser asks, as values; and whether it may: from this machine, let in, from our own page, and not too much of it."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from latamgpt.corrections.words import choose
from latamgpt.errors import OperatorError
from latamgpt.pages import Language

OUR_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")
MAX_FIELDS = 10
FORM_KIND = "application/x-www-form-urlencoded"
LANGUAGE_COOKIE, NAME_COOKIE, ACCESS_COOKIE = "corrections_language", "corrections_name", "corrections_access"
ACCESS_FIELD = "access"


@dataclass(frozen=True)
class Request:
    """One request, whole."""

    method: str
    target: str  # path and query, as sent
    headers: Mapping[str, str] = field(default_factory=dict[str, str])  # names in small letters
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's fields."""
        return dict(parse_qsl(urlsplit(self.target).query, max_num_fields=MAX_FIELDS))

    @property
    def here(self) -> str:
        """The address without a wish for a language, to put one in."""
        others = {name: value for name, value in self.query.items() if name not in ("lang", "saved", ACCESS_FIELD)}
        return f"{self.path}?{urlencode(others)}" if others else self.path

    @property
    def is_local(self) -> bool:
        """Whether it names this machine: a page elsewhere that points its own name at us does not."""
        return OUR_HOST.fullmatch(self.headers.get("host", "")) is not None

    @property
    def access_cookie(self) -> str:
        """The name of the cookie that lets in: browsers share cookies between the ports of one machine, and we do not."""
        return f"{ACCESS_COOKIE}_{self.headers.get('host', '').rpartition(':')[2]}"

    def brings(self, access: str) -> bool:
        """Whether it comes with the address that was printed at this start."""
        return self.path == "/" and same(self.query.get(ACCESS_FIELD, ""), access)

    def was_let_in(self, access: str) -> bool:
        """Whether its browser came with that address before."""
        return same(self.cookie(self.access_cookie), access)

    @property
    def is_ours(self) -> bool:
        """Whether a page of ours sent it: browsers name the origin of every post."""
        return self.headers.get("origin", "") in ("", f"http://{self.headers.get('host', '')}")

    @property
    def language(self) -> Language:
        """As asked for now, as asked for before, as the browser is set."""
        accepted = [part.partition(";")[0] for part in self.headers.get("accept-language", "").split(",")]
        return choose([self.query.get("lang", ""), self.cookie(LANGUAGE_COOKIE), *accepted])

    def cookie(self, name: str) -> str:
        """A cookie's value; '' where there is none."""
        try:
            morsel = SimpleCookie(self.headers.get("cookie", "")).get(name)
        except CookieError:
            return ""
        return unquote(morsel.value) if morsel else ""


def same(given: str, secret: str) -> bool:
    """Whether they are equal, in a time that tells nothing."""
    return secrets.compare_digest(given.encode(), secret.encode())


def set_cookie(name: str, value: str) -> str:
    """The header that lets a browser remember something until it is closed, for our pages alone."""
    return f"{name}={quote(value, safe='')}; Path=/; HttpOnly; SameSite=Strict"


@dataclass(frozen=True)
class Form:
    """What a person sends from the page of a scan."""

    token: str
    seen: str
    text: str
    blank: bool
    corrector: str
    anonymous: bool


def read_form(request: Request) -> Form:
    """The form in a post.

    Raises:
        OperatorError: it is no form of ours.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:  # UnicodeDecodeError is one
        raise OperatorError(f"what was sent is no form in UTF-8 ({error}).") from error
    fields = dict(pairs)
    if kind != FORM_KIND or not {"token", "seen", "text"} <= set(fields):
        raise OperatorError("what was sent is not the form of this page. Open the page again and use its button.")
    return Form(
        token=fields["token"],
        seen=fields["seen"],
        text=fields["text"],
        blank="blank" in fields,
        corrector=fields.get("corrector", ""),
        anonymous="anonymous" in fields,
    )
