"""Distributions that require torch: as a build requirement, each makes the frontend choose a torch of its own."""

from __future__ import annotations

TORCH_USERS = frozenset(
    (
        "accelerate",
        "bitsandbytes",
        "botorch",
        "captum",
        "deepspeed",
        "flash-attn",
        "functorch",
        "gpytorch",
        "kornia",
        "lightning",
        "peft",
        "pytorch-lightning",
        "sentence-transformers",
        "tensordict",
        "timm",
        "torchaudio",
        "torchdata",
        "torchdiffeq",
        "torchmetrics",
        "torchrl",
        "torchsde",
        "torchtext",
        "torchvision",
        "vllm",
        "xformers",
    )
)
"""Well-known ones, by their normalised names."""


def may_use_torch(name: str) -> bool:
    """Return whether a distribution is named as those are that extend torch, such as torch-scatter."""
    return name != "torch" and name.startswith(("torch", "pytorch-"))
