"""Distributions that require torch. As build requirements, they make the frontend install a torch of its choice."""

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
"""Normalised names of well-known ones."""


def may_use_torch(name: str) -> bool:
    """Return whether a name follows the pattern of packages that extend torch, such as torch-scatter."""
    return name != "torch" and name.startswith(("torch", "pytorch-"))
