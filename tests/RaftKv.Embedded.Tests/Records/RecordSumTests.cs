using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Records;

/// <summary>The sum over all records depends on every bit of them, and not on their order.</summary>
public sealed class RecordSumTests
{
    [Fact]
    public void It_depends_on_what_is_there_and_not_on_how_it_came()
    {
        var one = new KvStateMachine(new DictionaryKvStore());
        var first = new Entries(one);
        var session = first.Open(nonce: Guid.NewGuid());
        for (var i = 1; i <= 200; i++)
            first.Set(session, i, $"k{i % 37}", $"value {i}");
        for (var i = 201; i <= 210; i++)
            first.Delete(session, i, $"k{i % 37}");

        // The same records, added in another order.
        var sum = new RecordSum();
        var keys = new List<byte[]>();
        one.Store.CopyKeys(default, false, default, 1000, keys);
        keys.Reverse();
        foreach (var key in keys)
        {
            Assert.True(one.Store.TryGetHeader(key, out var header));
            sum.Replace(key, default, header);
        }
        Assert.Equal(one.Fingerprint, sum.Value + (ulong)one.Store.Count);
    }

    [Fact]
    public void Every_field_and_every_bit_of_a_value_counts()
    {
        var header = new RecordHeader(7, 5, 3, 0, 0, RecordSum.Checksum("value"u8));
        RecordHeader[] others =
        [
            header with { Version = 8 }, header with { CreateVersion = 6 }, header with { WriteCount = 4 }, header with { ExpiresAtMs = 1 }, header with { LeaseId = 1 },
            header with { LeaseId = 1, SlidingMs = 1 }, header with { LeaseId = 1, ExpiresByMs = 1 },
            header with { ValueChecksum = RecordSum.Checksum("valuf"u8) }, header with { ValueChecksum = RecordSum.Checksum("value\0"u8) },
        ];
        var sums = new HashSet<ulong> { Of("key", header), Of("kez", header), Of("key\0", header) };
        foreach (var other in others)
            Assert.True(sums.Add(Of("key", other)), other.ToString());

        var empty = new RecordSum();
        empty.Replace("key"u8, default, header);
        empty.Replace("key"u8, header, default);
        Assert.Equal(0UL, empty.Value);
    }

    private static ulong Of(string key, RecordHeader header)
    {
        var sum = new RecordSum();
        sum.Replace(Encoding.UTF8.GetBytes(key), default, header);
        return sum.Value;
    }
}
