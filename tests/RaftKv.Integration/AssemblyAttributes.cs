using Xunit.Sdk;
using Xunit.v3;

// Most tests wait for processes, timeouts and disks. With two at once a processor is idle for a fifth of the time, so three run at once.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 3)]
