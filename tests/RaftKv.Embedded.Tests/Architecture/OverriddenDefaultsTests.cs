using RaftKv.Embedded.Client;
using Xunit;

namespace RaftKv.Embedded.Tests.Architecture;

/// <summary>
/// The product overrides every default implementation of the contract with a faster one. The defaults serve other implementations.
/// </summary>
public sealed class OverriddenDefaultsTests
{
    [Theory]
    [InlineData(typeof(DistributedKv), typeof(IDistributedKv))]
    [InlineData(typeof(RaftKvCluster), typeof(IRaftKvCluster))]
    [InlineData(typeof(RaftKvLeases), typeof(IRaftKvLeases))]
    [InlineData(typeof(RaftKvCoordination), typeof(IRaftKvCoordination))]
    [InlineData(typeof(PrefixedCoordination), typeof(IRaftKvCoordination))]
    public void The_product_implements_every_member(Type product, Type contract) =>
        Assert.All(product.GetInterfaceMap(contract).TargetMethods, method => Assert.NotEqual(contract, method.DeclaringType));
}
