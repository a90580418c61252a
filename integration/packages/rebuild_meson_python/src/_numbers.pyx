"""A function of Cython, and one of C++."""

cdef extern from *:
    """
    int answer();
    """
    int answer()


def from_cython():
    return 1


def from_cpp():
    return answer()
