using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The index of keys agrees with a sorted set, also for readers beside the writer.</summary>
public sealed class KeyIndexTests
{
    private static readonly Comparer<byte[]> Ordinal = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    [Theory]
    [InlineData(1, 2_000, 1, 8)]
    [InlineData(2, 60_000, 1, 12)]
    [InlineData(3, 3_000, 200, 3_000)]
    [InlineData(4, 40, 1, 32_768)]
    public void It_agrees_with_a_sorted_set_whatever_is_added_and_removed(ulong seed, int keys, int minBytes, int maxBytes)
    {
        var random = new Prng(seed);
        var (index, model) = (new KeyIndex(), new SortedSet<byte[]>(Ordinal));
        foreach (var adds in (int[])[90, 50, 10, 70, 0])
        {
            for (var i = 0; i < keys; i++)
            {
                if (random.Below(100) < adds)
                {
                    var key = Key(random, minBytes, maxBytes);
                    Assert.Equal(model.Add(key), index.Add(key));
                }
                else if (model.Count > 0)
                {
                    // A key that exists, in most cases. The model's own search finds it.
                    var near = Key(random, minBytes, maxBytes);
                    var key = model.GetViewBetween(near, model.Max!.AsSpan().SequenceCompareTo(near) >= 0 ? model.Max : near).Min ?? near;
                    Assert.Equal(model.Remove(key), index.Remove(key));
                    Assert.False(index.Remove(key));
                    Assert.False(Has(index, key));
                }
            }
            Assert.Equal(model.Count, index.Count);
            Assert.Equal(model, All(index, pieces: 1 + (int)random.Below(300)), (a, b) => a.AsSpan().SequenceEqual(b));
        }
        foreach (var key in model.ToList())
            Assert.True(index.Remove(key));
        Assert.Empty(All(index, 10));
        Assert.True(index.Add("again"u8));
        Assert.Single(All(index, 10));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Keys_may_arrive_and_leave_in_order(bool ascending)
    {
        var index = new KeyIndex();
        var keys = Enumerable.Range(0, 100_000).Select(i => Encoding.UTF8.GetBytes($"key-{i:D8}")).ToList();
        if (!ascending)
            keys.Reverse();
        foreach (var key in keys)
            Assert.True(index.Add(key));
        Assert.Equal(keys.Order(Ordinal), All(index, 1000));
        foreach (var key in keys)
        {
            Assert.True(Has(index, key));
            Assert.True(index.Remove(key));
        }
        Assert.Empty(All(index, 10));
    }

    [Fact]
    public void A_range_begins_and_ends_where_it_says()
    {
        var index = new KeyIndex();
        foreach (var key in (string[])["a", "b", "ba", "c", "é", "\U0001F600"])
            index.Add(Encoding.UTF8.GetBytes(key));

        Assert.Equal(["b", "ba"], Range("b", after: false, "c", 10));
        Assert.Equal(["ba"], Range("b", after: true, "c", 10));
        Assert.Equal(["ba", "c"], Range("b", after: true, "", 2));
        Assert.Equal(["a", "b", "ba", "c", "é", "\U0001F600"], Range("", after: false, "", 10));
        Assert.Equal(["é", "\U0001F600"], Range("d", after: true, "", 10));
        Assert.Empty(Range("b", after: false, "b", 10));
        Assert.Empty(Range("a", after: false, "", 0));

        Assert.Equal(["ba", "b"], Descending("b", "c", 10));
        Assert.Equal(["\U0001F600", "é", "c"], Descending("", "", 3));
        Assert.Equal(["\U0001F600", "é", "c", "ba", "b", "a"], Descending("", "", 10));
        Assert.Equal(["a"], Descending("", "aa", 10));
        Assert.Empty(Descending("b", "b", 10));
        Assert.Empty(Descending("", "a", 10));

        List<string> Descending(string from, string before, int max)
        {
            var keys = new List<byte[]>();
            var count = index.CopyKeysDescending(Encoding.UTF8.GetBytes(from), Encoding.UTF8.GetBytes(before), max, keys);
            Assert.Equal(count, keys.Count);
            return keys.ConvertAll(Encoding.UTF8.GetString);
        }

        List<string> Range(string from, bool after, string to, int max)
        {
            var keys = new List<byte[]>();
            Assert.Equal(index.CopyKeys(Encoding.UTF8.GetBytes(from), after, Encoding.UTF8.GetBytes(to), max, keys), keys.Count);
            return keys.ConvertAll(Encoding.UTF8.GetString);
        }
    }

    [Fact]
    public async Task Readers_beside_the_writer_see_order_and_every_key_that_was_there_all_the_while()
    {
        var index = new KeyIndex();
        const int Keys = 20_000;
        for (var i = 0; i < Keys; i += 2)
            index.Add(Number(i));
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(r => Task.Run(() =>
        {
            var scans = 0;
            while (!stop.IsCancellationRequested || scans == 0)
            {
                var keys = All(index, 1 + 97 * (r + scans++ % 50));
                for (var i = 1; i < keys.Count; i++)
                    Assert.True(keys[i - 1].AsSpan().SequenceCompareTo(keys[i]) < 0);
                Assert.Equal(Keys / 2, keys.Count(k => k[^1] % 2 == 0));
            }
        }, TestContext.Current.CancellationToken)).ToArray();

        var random = new Prng(5);
        for (var i = 0; i < 400_000; i++)
        {
            var key = Number(1 + 2 * (int)random.Below(Keys / 2));
            // Waves of growth and shrinkage make leaves and nodes split, merge and vanish.
            if (random.Below(100) < (i / 50_000 % 2 == 0 ? 80 : 20))
                index.Add(key);
            else
                index.Remove(key);
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        static byte[] Number(int i) => Encoding.UTF8.GetBytes($"key-{i:D8}");
    }

    [Fact]
    public void Descending_pages_have_every_key_in_the_other_order()
    {
        var index = new KeyIndex();
        const int Keys = 20_000;
        var chance = new Prng(3);
        for (var i = 0; i < Keys; i++)
            index.Add(Encoding.UTF8.GetBytes($"key-{chance.Below(1_000_000):D8}"));
        var ascending = All(index, 1000);
        foreach (var pieces in (int[])[1, 7, 300, Keys + 1])
        {
            var descending = new List<byte[]>();
            byte[] before = [];
            while (index.CopyKeysDescending([], before, pieces, descending) > 0)
                before = descending[^1];
            Assert.Equal(Enumerable.Reverse(ascending), descending);
        }
    }

    [Fact]
    public async Task Readers_beside_the_writer_never_see_a_torn_key()
    {
        var index = new KeyIndex();
        const int Keys = 5_000;
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(r => Task.Run(() =>
        {
            var random = new Prng((ulong)r + 1);
            var keys = new List<byte[]>();
            for (var scans = 0; !stop.IsCancellationRequested || scans == 0; scans++)
            {
                // A short range somewhere: the same few leaves are read while they change.
                keys.Clear();
                var from = Whole((int)random.Below(Keys));
                var to = Whole((int)random.Below(Keys));
                index.CopyKeys(from, after: true, to, 300, keys);
                for (var i = 0; i < keys.Count; i++)
                {
                    Assert.Equal(Whole(int.Parse(keys[i].AsSpan(0, 6), CultureInfo.InvariantCulture)), keys[i]);
                    Assert.True((i == 0 ? from : keys[i - 1]).AsSpan().SequenceCompareTo(keys[i]) < 0);
                    Assert.True(keys[i].AsSpan().SequenceCompareTo(to) < 0);
                }
            }
        }, TestContext.Current.CancellationToken)).ToArray();

        var writes = new Prng(9);
        for (var i = 0; i < 300_000; i++)
        {
            // The writer stays among neighbouring keys for a while, so that its pages fill with removed keys and are replaced.
            var key = Whole((i / 5_000 * 700 + (int)writes.Below(400)) % Keys);
            if (!index.Add(key))
                Assert.True(index.Remove(key));
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        // Six digits, and after them letters whose number and value follow from the digits.
        static byte[] Whole(int i)
        {
            var key = new byte[6 + i * 31 % 120];
            key.AsSpan().Fill((byte)('a' + i % 26));
            Assert.True(Utf8Formatter.TryFormat(i, key, out _, new StandardFormat('D', 6)));
            return key;
        }
    }

    private static byte[] Key(Prng random, int minBytes, int maxBytes)
    {
        var key = new byte[minBytes + random.Below(maxBytes - minBytes + 1)];
        for (var i = 0; i < key.Length; i++)
            key[i] = (byte)('a' + random.Below(5));
        return key;
    }

    private static bool Has(KeyIndex index, byte[] key)
    {
        var keys = new List<byte[]>();
        return index.CopyKeys(key, after: false, to: default, max: 1, keys) == 1 && keys[0].AsSpan().SequenceEqual(key);
    }

    private static List<byte[]> All(KeyIndex index, int pieces)
    {
        var keys = new List<byte[]>();
        ReadOnlySpan<byte> after = default;
        while (index.CopyKeys(after, after: keys.Count > 0, default, pieces, keys) > 0)
            after = keys[^1];
        return keys;
    }
}
