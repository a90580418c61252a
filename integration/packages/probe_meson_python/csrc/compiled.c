/* An empty module: something to compile. */
#include <Python.h>

PyMODINIT_FUNC PyInit__compiled(void) {
  static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_compiled", NULL, -1, NULL, NULL, NULL, NULL, NULL};
  return PyModule_Create(&definition);
}
