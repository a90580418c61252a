"""Answering about metadata without the runtime: locking, downloading and sdists must not pull gigabytes.

The ways, in the order in which ``metadata = "auto"`` takes them (design, section 4.5):

``static``  a complete ``[project]`` table answers by itself; the real backend is not called
``stub``    the real backend answers with a stand-in torch, where the real one is not there
``real``    the real backend answers with what is there
"""
