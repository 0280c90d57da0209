"""Which arithmetic a process uses, pinned before torch starts: the same numbers on every run, in fp32 on every machine."""

from latamgpt.params import Precision

MEMORY_IS_KEPT = {
    "MALLOC_MMAP_THRESHOLD_": str(8 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
    "THP_MEM_ALLOC_ENABLE": "1",
}
"""Big tensors are made anew in every step; asking the kernel for their pages each time took a third of the CPU time."""


def pinned_environment(precision: Precision, threads: int) -> dict[str, str]:
    """Environment of a process that computes; it must be set before the process starts.

    Threads are pinned since another number of them adds in another order (in fp32 training differs from step 17 on), and they
    wait without spinning, which costs four times the time on a shared machine. For fp32 the instruction set is pinned to AVX2
    too, so that machines with and without AVX-512 get the same bits; bf16 takes what the machine has (AMX is many times faster).
    """
    environment = {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "GOMP_SPINCOUNT": "0",
        "HF_HUB_OFFLINE": "1",
        **MEMORY_IS_KEPT,
        "MKL_NUM_THREADS": str(threads),
        "OMP_DYNAMIC": "false",
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "passive",
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore::FutureWarning",  # DeepSpeed calls what torch has renamed, at every step
        "TOKENIZERS_PARALLELISM": "false",
        "TORCHDYNAMO_DISABLE": "1",  # nothing here is compiled; DeepSpeed's Muon, never used, costs 5 CPU seconds a start without
        "TQDM_DISABLE": "1",
    }
    if precision is Precision.FP32:
        environment |= {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    return environment


def make_deterministic(threads: int, seed: int) -> None:
    """Pin this process: number of threads, deterministic algorithms, seed of every random draw."""
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010  (a debugging aid that costs 3%)
    torch.manual_seed(seed)


def kernel_name(precision: Precision) -> str:
    """The arithmetic in use, for people who compare two runs: 'avx2', 'native avx512 amx_bf16' ..."""
    import torch

    if torch.cuda.is_available():
        return f"cuda {torch.cuda.get_device_name()}"
    if precision is Precision.FP32:
        return torch.backends.cpu.get_cpu_capability().lower()
    amx = " amx_bf16" if torch.cpu.get_capabilities().get("amx_bf16") else ""
    return f"native {torch.backends.cpu.get_cpu_capability().lower()}{amx}"
