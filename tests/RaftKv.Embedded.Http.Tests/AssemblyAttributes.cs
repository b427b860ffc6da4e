using Xunit.Sdk;
using Xunit.v3;

// Many tests wait for processes and timeouts: twice as many at once as there are processors on a small machine.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 4)]
