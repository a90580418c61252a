"""A build backend that builds torch extensions against the torch that will run them.

The public interface is :mod:`runtime_backend.build` (PEP 517, PEP 660) and the command line. This module imports
nothing, so that a copied folder works as well as an installed one.
"""

__version__ = "0.1.0"
