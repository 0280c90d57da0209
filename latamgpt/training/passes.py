"""How ranks share a global batch: which rows each takes in which pass. The batch is the same whatever their number."""

from latamgpt.errors import OperatorError


def micro_batch_size(batch_sequences: int, num_ranks: int, wanted: int) -> int:
    """Sequences per rank and pass: the largest number up to `wanted` that divides a rank's share of the global batch.

    Where the ranks cannot share the batch equally, some rows of the last pass stay empty: the batch is the same on every site.

    Raises:
        OperatorError: there are more ranks than sequences.
    """
    if num_ranks > batch_sequences:
        raise OperatorError(
            f"checkpoint.batch_sequences is {batch_sequences}, and this site trains with {num_ranks} processes: some of them "
            "would never have a sequence, and cost as much as the others. Lower `processes` in the site's file, or raise "
            "batch_sequences."
        )
    share = -(-batch_sequences // num_ranks)
    return next(size for size in range(min(wanted, share), 0, -1) if share % size == 0)


def passes_of(rank: int, num_ranks: int, batch_sequences: int, micro: int) -> list[range]:
    """The rows of a global batch that one rank takes, a range for each of its passes; every rank has as many, of one size.

    Where they do not come out even, the last reach behind the batch: such rows are empty, and nothing in them is learned.
    """
    together = num_ranks * micro
    num_passes = -(-batch_sequences // together)
    return [range(first, first + micro) for first in range(rank * micro, num_passes * together, together)]
