// a * x + y in one pass over memory: plain torch makes two, and a tensor in between.
#include <Python.h>

// These two instead of torch/extension.h: a fifth of the compile time.
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <algorithm>
#include <string>

at::Tensor axpy(double a, const at::Tensor& x, const at::Tensor& y) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && y.scalar_type() == at::kFloat, "axpy takes float32 tensors");
  TORCH_CHECK(x.sizes() == y.sizes(), "axpy takes two tensors of one shape, not ", x.sizes(), " and ", y.sizes());
  const at::Tensor xs = x.contiguous();
  const at::Tensor ys = y.contiguous();
  at::Tensor out = at::empty_like(xs);
  const float* first = xs.const_data_ptr<float>();
  std::transform(first, first + xs.numel(), ys.const_data_ptr<float>(), out.mutable_data_ptr<float>(),
                 [factor = static_cast<float>(a)](float u, float v) { return factor * u + v; });
  return out;
}

std::string built_for() { return OP_BUILT_FOR; }

TORCH_LIBRARY(op_meson_python, library) {
  library.def("axpy(float a, Tensor x, Tensor y) -> Tensor");
  library.def("built_for() -> str", &built_for);
}

TORCH_LIBRARY_IMPL(op_meson_python, CPU, library) { library.impl("axpy", &axpy); }

// An empty Python module: importing it loads this library, and that registers the operators above.
PyMODINIT_FUNC PyInit__C() {
  static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_C"};
  return PyModule_Create(&definition);
}
