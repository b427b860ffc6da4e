using RaftKv.Embedded;
using Xunit;

namespace RaftKv.Contract.Tests;

/// <summary>Values of the contract that contain bytes compare the bytes by content, and compare every other property too.</summary>
public sealed class EqualityTests
{
    private static readonly Func<byte[], object>[] WithBytes =
    [
        bytes => new KvEntry { Key = "k", Value = bytes, Version = new(1) },
        bytes => new KvEvent { Key = "k", Value = bytes, Version = new(1) },
        bytes => new KvEvent { Key = "k", Previous = new KvEntry { Key = "k", Value = bytes } },
        bytes => new KvGetResult { Found = true, Value = bytes, Version = new(1), ReadAt = new(2) },
        bytes => KvCompare.Value("k", KvRelation.Equal, bytes),
        bytes => new KvTransactionOperation { Kind = KvTransactionOperationKind.Set, Key = "k", Value = bytes },
        bytes => new KvOperationResult { Read = new() { Found = true, Value = bytes } },
    ];

    [Fact]
    public void Bytes_are_compared_by_content() => Assert.All(WithBytes, make =>
    {
        var value = make([1, 2, 3]);

        Assert.Equal(value, make([1, 2, 3]));
        Assert.Equal(value.GetHashCode(), make([1, 2, 3]).GetHashCode());
        Assert.NotEqual(value, make([1, 2, 4]));
        Assert.NotEqual(value, make([]));
    });

    [Fact]
    public void Every_other_property_counts_too()
    {
        var entry = new KvEntry { Key = "k", Version = new(1) };
        Assert.NotEqual(entry, entry with { Key = "l" });
        Assert.NotEqual(entry, entry with { Version = new(2) });
        Assert.NotEqual(entry, entry with { ExpiresAt = DateTimeOffset.UnixEpoch });

        var found = new KvGetResult { Found = true };
        KvGetResult[] others =
        [
            found with { Found = false }, found with { Version = new(1) }, found with { CreateVersion = new(1) },
            found with { WriteCount = 1 }, found with { ReadAt = new(1) }, found with { LeaseId = 1 }, found with { Age = TimeSpan.FromSeconds(1) },
            found with { SlidingExpiration = TimeSpan.FromSeconds(1) }, found with { ExpiresAt = DateTimeOffset.UnixEpoch.AddDays(1) },
        ];
        Assert.All(others, other => Assert.NotEqual(found, other));

        var change = new KvEvent { Key = "k" };
        KvEvent[] changes =
        [
            change with { Kind = KvEventKind.Deleted }, change with { Key = "l" }, change with { Version = new(1) },
            change with { CreateVersion = new(1) }, change with { WriteCount = 1 }, change with { EndsVersion = true },
            change with { Previous = entry },
        ];
        Assert.All(changes, other => Assert.NotEqual(change, other));

        var compare = KvCompare.Version("k", KvRelation.Equal, new(1));
        KvCompare[] compares =
        [
            compare with { Target = KvCompareTarget.Lease }, compare with { Key = "l" }, compare with { Relation = KvRelation.Less },
            compare with { Number = 2 }, compare with { Range = KvKeyRange.StartingWith("k") },
        ];
        Assert.All(compares, other => Assert.NotEqual(compare, other));
    }

    [Fact]
    public void The_end_of_a_key_can_be_given_and_read()
    {
        var at = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var found = new KvGetResult { ExpiresAt = at, SlidingExpiration = TimeSpan.FromSeconds(90) };

        Assert.Equal((at, TimeSpan.FromSeconds(90)), (found.ExpiresAt, found.SlidingExpiration));
        Assert.Null((found with { ExpiresAt = null }).ExpiresAt);
    }
}
