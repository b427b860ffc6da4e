using System.Globalization;
using System.Text;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The hash of a key uses all of its bytes, and spreads similar keys over the chains of FASTER's index.</summary>
public class FasterKeyComparerTests
{
    private const int Keys = 100_000;
    private const int BucketBits = 14;
    private const int TagBits = 14;

    private readonly FasterKeyComparer _comparer = new("any sixteen byte"u8);

    /// <summary>
    /// FASTER's index takes a bucket and a tag from a hash. Keys with the same bucket and tag share one chain of records.
    /// </summary>
    [Theory]
    [InlineData("{0}")]
    [InlineData("k{0:d15}")]
    [InlineData("users/{0:d6}/name")]
    [InlineData("orders/2026/11/24/{0:x8}/lines/with/a/long/tail")]
    public void Keys_that_differ_in_their_digits_do_not_share_chains(string pattern)
    {
        var hashes = Enumerable.Range(0, Keys).Select(i => (ulong)_comparer.Hash(Encoding.UTF8.GetBytes(string.Format(CultureInfo.InvariantCulture, pattern, i)))).ToArray();
        Assert.Equal(Keys, hashes.Distinct().Count());

        var chains = hashes.Select(hash => (hash & ((1UL << BucketBits) - 1), hash >> (64 - TagBits))).Distinct().Count();
        // Of 100,000 keys in 2^28 chains, about 19 share a chain by chance.
        Assert.InRange(Keys - chains, 0, 100);
    }

    [Fact]
    public void Every_store_has_a_hash_of_its_own() => Assert.NotEqual(new FasterKeyComparer().Hash("key"u8), new FasterKeyComparer().Hash("key"u8));

    [Fact]
    public void Every_byte_and_the_length_count()
    {
        var hashes = new HashSet<long> { _comparer.Hash([]) };
        for (var length = 1; length <= 40; length++)
        {
            var key = new byte[length];
            Assert.True(hashes.Add(_comparer.Hash(key)));
            for (var at = 0; at < length; at++)
            {
                key[at] = 1;
                Assert.True(hashes.Add(_comparer.Hash(key)), $"byte {at} of {length}");
                key[at] = 0;
            }
        }
    }
}
