"""The wheel store: finished wheels, kept by everything that they depend on, and given again where all of that is equal.

In the cache::

    <cache>/store/5f1c2a90…/record.json                          the inputs in clear, the wheel's name and hash
    <cache>/store/5f1c2a90…/grouped_gemm-1.1-cp311-….whl
    <cache>/store/5f1c2a90….lock                                 locked by the build that makes or takes it

A remote store has the same files, by key, and the hash in the wheel's name. A wheel is found by its whole key: never by
a prefix of it, and never the nearest one.
"""
