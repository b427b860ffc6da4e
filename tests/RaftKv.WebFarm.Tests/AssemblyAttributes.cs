using Xunit.Sdk;
using Xunit.v3;

// One of the tests takes every thread of the pool.
[assembly: Parallelization(Mode = ParallelMode.None)]
