using Xunit.Sdk;
using Xunit.v3;

// Every test runs three processes and watches elections: two at once would only disturb each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
