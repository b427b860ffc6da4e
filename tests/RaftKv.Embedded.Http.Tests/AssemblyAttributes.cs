using Xunit.Sdk;
using Xunit.v3;

// Many tests wait for processes and timeouts, so four run at once: twice the number of processors of a small machine.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 4)]
