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
        description="What the training will need: parameters, operations, hours, money, memory per rank.",
        owners=("team:model",),
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
