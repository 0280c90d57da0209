"""What a parser in a limited process hands back, held against the shape that it should have: it may have been taken over."""

from functools import cache
from typing import TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from latamgpt.intake.quarantine import Reason, Rejected

Shape = TypeVar("Shape")


def checked(shape: type[Shape], answer: object, name: str, reason: Reason) -> Shape:
    """The answer as a record of its shape.

    Raises:
        Rejected: `reason`, where the answer has another shape.
    """
    try:
        return cast("Shape", _adapter(shape).validate_python(answer))
    except ValidationError as error:
        detail = (
            f"{name} cannot be read: its parser answered in {error.error_count()} wrong ways. Ask the partner to save it anew"
        )
        raise Rejected(reason, detail) from error


@cache
def _adapter(shape: type[object]) -> TypeAdapter[object]:
    return TypeAdapter(shape)
