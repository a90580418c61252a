"""Metadata without the runtime: locking, downloading and sdists must not download gigabytes.

The ways, in the order in which ``metadata = "auto"`` tries them (design, section 4.5):

``static``  a complete ``[project]`` table answers by itself; the real backend is not called
``stub``    the real backend answers with a stand-in torch, if the real torch is missing
``real``    the real backend answers without a stand-in
"""
