#include <cublas_v2.h>  // not among the compilers' wheels: torch brings it along
#include <cuda.h>
#include <cuda_runtime.h>

#include <cub/block/block_reduce.cuh>

__global__ void sum(const float* values, float* out) {
  using Reduce = cub::BlockReduce<float, 128>;
  __shared__ typename Reduce::TempStorage storage;
  const float total = Reduce(storage).Sum(values[threadIdx.x]);
  if (threadIdx.x == 0) *out = total;
}

extern "C" int probe(int ask_the_driver) {
  int version = CUBLAS_STANDIN;
  if (ask_the_driver) cuDriverGetVersion(&version);
  return cudaRuntimeGetVersion(&version) == cudaSuccess ? version : -1;
}
