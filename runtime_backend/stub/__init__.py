"""The stand-in torch, with which the real backend answers questions about metadata if torch is not installed.

It runs in a separate process, so that nothing that a build script imports or patches reaches ``build_wheel``. When a
script asks the stand-in for something that it lacks, this is recorded, and the answer is discarded: build scripts
swallow exceptions. When a script asks for a guess, such as the version of a torch that is not known yet, this is
recorded, too: the hook is then called with other guesses as well, and all answers must be equal.

Nothing is imported here, since the process with the stand-in needs almost none of it.
"""
