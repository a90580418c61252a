"""Mutation testing: small changes of the code that decides and provides, each of which a unit test has to notice.

The mutants are mutmut's. They are run by :mod:`.runner`: mutmut's own runner collects the tests anew for each mutant,
runs every test that calls the function, in no particular order, and leaves decorated functions out.
"""
