"""The signatures under an approval and its corpus root: ECDSA on P-256 with sha256, which any OpenSSL can check.

The private key is a PEM file that LATAMGPT_SIGNING_KEY names. A sample approval, at which nobody looked, is signed with a key
that is made here on first use, under var/: it shows how a signature is checked and proves nothing of who made it. The nonce comes
from key and message (RFC 6979), so signing twice gives the same bytes.
"""

import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import AfterValidator

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.store import Workspace

KEY_VARIABLE = "LATAMGPT_SIGNING_KEY"
SAMPLE_KEY = "var/keys/sample-signing-key.pem"
PUBLIC_KEY_NAME = "corpus_root.pem"
ROOT_SIGNATURE, APPROVAL_SIGNATURE = "corpus_root.sig", "APPROVAL.sig"
OPENSSL = tuple(
    f"openssl dgst -sha256 -verify {PUBLIC_KEY_NAME} -signature {signature} {message}"
    for message, signature in (("APPROVAL.json", APPROVAL_SIGNATURE), ("corpus_root.json", ROOT_SIGNATURE))
)


def base64(value: str) -> str:
    """The same text, which must be base64."""
    try:
        b64decode(value, validate=True)
    except (Base64Error, ValueError) as error:
        raise ValueError(f"must be a signature in base64 ({error})") from error
    return value


Base64 = Annotated[str, AfterValidator(base64)]


class Signature(Frozen):
    """Who signed an approval, and what they wrote under it and under the corpus root."""

    public_key: str  # PEM
    approval: Base64  # of the DER that OpenSSL reads, as the next one
    corpus_root: Base64


def sign(message: bytes, key: ec.EllipticCurvePrivateKey) -> str:
    """The signature of a message: DER, in base64."""
    return b64encode(key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))).decode()


def public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """The public key that belongs to a private one."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def is_signed(message: bytes, value: str, public_key: str) -> bool:
    """Whether a signature, in base64, is under this message, by this key."""
    try:
        key = serialization.load_pem_public_key(public_key.encode())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(b64decode(value, validate=True), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, Base64Error, ValueError):
        return False
    return True


def signing_key(workspace: Workspace, *, sample: bool) -> ec.EllipticCurvePrivateKey | None:
    """The key to sign an approval with; None where a person approves and no key is named: such a release is not signed.

    Raises:
        OperatorError: the key file is missing, holds no unencrypted key on P-256, or holds the samples' key for a person.
    """
    path = workspace.root / SAMPLE_KEY
    if not sample:
        named = os.environ.get(KEY_VARIABLE, "")
        return _must_not_be_for_samples(read_key(Path(named)), path) if named else None
    return read_key(path) if path.is_file() else make_key(path)


def _must_not_be_for_samples(key: ec.EllipticCurvePrivateKey, sample: Path) -> ec.EllipticCurvePrivateKey:
    if sample.is_file() and public_pem(key) == public_pem(read_key(sample)):
        raise OperatorError(
            f"{KEY_VARIABLE} names the key of {SAMPLE_KEY}, which signs what nobody looked at, so a person's word would count as "
            "little. Name the institution's own key."
        )
    return key


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The private key in a PEM file.

    Raises:
        OperatorError: see `signing_key`.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise OperatorError(
            f"{path} gives no key to sign with: {error}. The release would go out unsigned. Let {KEY_VARIABLE} name "
            "a PEM file with an unencrypted private key, as `openssl ecparam -name prime256v1 -genkey -noout` writes it."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise OperatorError(
            f"{path} holds a key of another kind than ECDSA on P-256, which every partner's OpenSSL can check. Make one with "
            "`openssl ecparam -name prime256v1 -genkey -noout`."
        )
    return key


def make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """A fresh key, kept in a file that only its owner may read."""
    key = ec.generate_private_key(ec.SECP256R1())
    path.parent.mkdir(parents=True, exist_ok=True)
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(pem)
    draft.replace(path)
    return key
