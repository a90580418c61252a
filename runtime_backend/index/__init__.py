"""Package indexes: finding a wheel that a lock names by file name or hash, without a URL.

An index answers with JSON (PEP 691) or with an HTML page (PEP 503).
"""
