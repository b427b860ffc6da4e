using Xunit.Sdk;
using Xunit.v3;

// Most tests wait for processes, timeouts and disks. Two at once leave a processor idle for a fifth of the time.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 3)]
