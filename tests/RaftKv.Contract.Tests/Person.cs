namespace RaftKv.Contract.Tests;

internal sealed record Person(string Name, int Age);
