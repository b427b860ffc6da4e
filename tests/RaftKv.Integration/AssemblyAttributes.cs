using Xunit.Sdk;
using Xunit.v3;

// Most tests wait for processes, timeouts and disks. More than two at once would only disturb each other.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 2)]
