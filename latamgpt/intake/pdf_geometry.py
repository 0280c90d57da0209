"""Points, boxes and matrices on a page of a PDF, in its own units.

A matrix (a, b, c, d, e, f) takes (x, y) to (ax + cy + e, bx + dy + f). Source: ISO 32000-1, section 8.3.
"""

from collections.abc import Iterable, Sequence

Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, bottom, right, top
UPRIGHT: Matrix = (1, 0, 0, 1, 0, 0)


def matrix_of(values: Sequence[float]) -> Matrix:
    """Six numbers as a matrix; where they are not six, the one that changes nothing."""
    return (values[0], values[1], values[2], values[3], values[4], values[5]) if len(values) == 6 else UPRIGHT


def times(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that does what one does, then what the other does."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def taken(matrix: Matrix, point: Point) -> Point:
    """Where a matrix takes a point."""
    a, b, c, d, e, f = matrix
    return (a * point[0] + c * point[1] + e, b * point[0] + d * point[1] + f)


def corners(left: float, bottom: float, right: float, top: float) -> tuple[Point, ...]:
    """Of a box."""
    return ((left, bottom), (right, bottom), (left, top), (right, top))


def box_of(matrix: Matrix, points: Iterable[Point]) -> Box:
    """The box around points that a matrix takes elsewhere."""
    return around([taken(matrix, point) for point in points])


def around(points: Sequence[Point]) -> Box:
    """The smallest box that holds some points, of which there is one at least."""
    across, up = zip(*points, strict=True)
    return (min(across), min(up), max(across), max(up))


def overlap(one: Box, other: Box) -> Box:
    """What two boxes share; its sides are in the wrong order where they share nothing."""
    return (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))


def meet(one: Box, other: Box) -> bool:
    """Whether two boxes share a point at least."""
    left, bottom, right, top = overlap(one, other)
    return left <= right and bottom <= top


def area(box: Box) -> float:
    """In square units; 0 for what `overlap` says of boxes that share nothing."""
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)
