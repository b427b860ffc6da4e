using System.Reflection;
using RaftKv.Contract.Tests.Fakes;
using RaftKv.Embedded;
using Xunit;

namespace RaftKv.Contract.Tests;

/// <summary>An application can create or implement every type of the contract without the library's internals.</summary>
public sealed class ImplementableTests
{
    private static readonly object[] Made = [.. Samples.Values, .. Samples.Operations, .. Samples.Errors, .. Samples.Fakes];

    public static IEnumerable<TheoryDataRow<Type>> Types => typeof(IDistributedKv).Assembly.GetExportedTypes()
        .Where(t => t.Namespace == typeof(IDistributedKv).Namespace && !t.IsEnum && !(t.IsAbstract && t.IsSealed))
        .Select(t => new TheoryDataRow<Type>(t));

    [Theory]
    [MemberData(nameof(Types))]
    public void Each_type_is_made_or_implemented_here(Type type) =>
        Assert.Contains(Made, sample => Lineage(sample.GetType()).Any(t => Definition(t) == type));

    /// <summary>An initializer or an argument of a public constructor can set each stored property of a result or error.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Each_stored_property_of_a_result_or_error_can_be_given(Type type)
    {
        if (type.GetMethod("<Clone>$") is null && !type.IsValueType && !type.IsSubclassOf(typeof(Exception)))
            return;
        var stored = type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
            .Where(p => type.GetField($"<{p.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is not null);
        var arguments = type.GetConstructors().SelectMany(c => c.GetParameters())
            .Select(p => p.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Assert.All(stored, p => Assert.True(p.SetMethod?.IsPublic == true || arguments.Contains(p.Name),
            $"{type.Name}.{p.Name} cannot be given."));
    }

    [Fact]
    public void An_implementation_needs_few_members()
    {
        Assert.Equal(["CommitAsync", "DeleteAsync", "GetAsync", "ScanPageAsync", "SetAsync", "WatchAsync"],
            Required(typeof(IDistributedKv)));
        Assert.Equal(["AcquireLockAsync", "GetHolderAsync", "SetEphemeralAsync", "TryAcquireLockAsync"],
            Required(typeof(IRaftKvCoordination)));
        Assert.Equal(["GetAsync", "GrantAsync", "ListAsync", "RevokeAsync"], Required(typeof(IRaftKvLeases)));
        Assert.Equal(["AddMemberAsync", "BackupAsync", "RemoveMemberAsync", "TakeSnapshotAsync", "TransferLeadershipAsync", "get_Status"],
            Required(typeof(IRaftKvCluster)));
    }

    [Fact]
    public void A_delegating_store_forwards_every_member() =>
        Assert.All(typeof(CountingKv).GetInterfaceMap(typeof(IDistributedKv)).TargetMethods, method =>
        {
            Assert.NotEqual(typeof(IDistributedKv), method.DeclaringType);
            Assert.True(method is { IsVirtual: true, IsFinal: false }, $"{method.Name} cannot be overridden.");
        });

    private static string[] Required(Type contract) =>
        [.. contract.GetMethods().Where(m => m.IsAbstract).Select(m => m.Name).Order(StringComparer.Ordinal)];

    private static IEnumerable<Type> Lineage(Type type)
    {
        for (var t = type; t is not null; t = t.BaseType)
            yield return t;
        foreach (var implemented in type.GetInterfaces())
            yield return implemented;
    }

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;
}
