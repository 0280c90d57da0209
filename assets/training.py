"""Training: the base model's pretraining is continued."""

from assets.shown import Shown

SHOWN = {
    "base_model": Shown(
        group="training",
        description="The open model whose pretraining is continued, as safetensors with its checksum.",
        kinds=("huggingface", "pytorch"),
        owners=("team:model",),
        curves=True,
    ),
    "training_quote": Shown(
        group="training",
        description="What the training needs; on this site: hours, money, energy, carbon, water, memory, and who pays.",
        owners=("team:model",),
        has_quote=True,
    ),
    "checkpoint": Shown(
        group="training",
        description="The base model, trained on with DeepSpeed; MLflow holds the run.",
        kinds=("deepspeed", "pytorch", "mlflow"),
        owners=("team:model",),
        bars=(("held-out bits per byte", "language", "after"),),
        curves=True,
        has_run=True,
    ),
}
