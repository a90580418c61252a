"""The stand-in torch: the real backend answers about metadata with it where the real one is not there.

It runs in a process of its own, so that nothing which a build script imported or patched can reach ``build_wheel``.
What the stand-in does not know is written down when it is asked for, and the answer is not used then: build scripts
swallow exceptions. What it can only guess, the version of a torch that nobody has named yet, is written down too: then
the hook is called with other guesses as well, and has to answer the same.

Nothing is imported here: the process in which the stand-in is seen needs next to nothing of this.
"""
