using Xunit;

namespace RaftKv.WebFarm.Tests;

/// <summary>The classes that share one farm, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class FarmCollection : ICollectionFixture<Farm>
{
    public const string Name = "farm";
}
