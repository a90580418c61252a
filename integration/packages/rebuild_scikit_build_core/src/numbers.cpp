// A module with one function.
#include <Python.h>

static int answer() { return 1; }

static PyObject *from_cpp(PyObject *, PyObject *) { return PyLong_FromLong(answer()); }

static PyMethodDef methods[] = {{"from_cpp", from_cpp, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

PyMODINIT_FUNC PyInit__numbers() {
  static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_numbers", nullptr, -1, methods};
  return PyModule_Create(&definition);
}
