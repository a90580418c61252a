"""Settings for CUDA, and partly for ROCm: architectures, number of parallel compilers, toolkit.

The figures and torch's behaviour were measured.
"""
