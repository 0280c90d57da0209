"""Asks the processor to fetch a place of a table that will be read soon: without it, most of the time of a loop over a table of
some megabytes, read in no order, goes by in waiting. It changes nothing that is computed.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

READ, KEEP_IN_ALL_CACHES, DATA = 0, 3, 1  # https://llvm.org/docs/LangRef.html#llvm-prefetch-intrinsic


@intrinsic
def prefetch(_: Any, table: types.Array, row: types.Integer, column: types.Integer) -> Any:
    """In a compiled kernel: fetch the cache line of `table[row, column]`, which lies within it; 64-bit indices."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = cgutils.get_item_pointer(context, builder, signature.args[0], array, arguments[1:])
        place = builder.bitcast(place, cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(function, [place, number(READ), number(KEEP_IN_ALL_CACHES), number(DATA)])
        return context.get_dummy_value()

    return types.void(table, row, column), generate
