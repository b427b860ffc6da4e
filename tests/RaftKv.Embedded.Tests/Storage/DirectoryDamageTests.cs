using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>
/// A whole data directory with one damage: every byte of every file, every length of every file, and every file gone. The node starts with
/// the right state, or refuses and says why. With <c>RAFTKV_LONG=1</c> every bit, and every length of the large files too.
/// </summary>
public sealed class DirectoryDamageTests
{
    /// <summary>Files with fewer bytes are cut at every length in every run.</summary>
    private const int Small = 1_000;

    private static bool IsLong => Environment.GetEnvironmentVariable("RAFTKV_LONG") == "1";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_flipped_bit_anywhere_is_survived_or_refused(bool closed)
    {
        var world = new DirectoryWorld(closed);
        var chance = new Prng(1);
        var (survived, refused) = (0, 0);
        foreach (var (path, bytes) in world.Files)
        {
            for (var at = 0; at < bytes.Length; at++)
            {
                for (var bit = IsLong ? 0 : (int)chance.Below(8); bit < 8; bit += IsLong ? 1 : 8)
                {
                    var bad = bytes.ToArray();
                    bad[at] ^= (byte)(1 << bit);
                    world.Lay(path, bad);
                    if (world.MustBeRightOrRefuse($"{path}, byte {at}, bit {bit}"))
                        survived++;
                    else
                        refused++;
                }
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{world.Files.Count} files, {world.Files.Sum(f => f.Bytes.Length):N0} bytes: {survived:N0} flips survived, {refused:N0} refused");
        Assert.True(survived > 0 && refused > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_file_cut_off_anywhere_or_with_bytes_behind_its_end_is_survived_or_refused(bool closed)
    {
        var world = new DirectoryWorld(closed);
        foreach (var (path, bytes) in world.Files)
        {
            for (var length = 0; length < bytes.Length; length += IsLong || bytes.Length < Small ? 1 : 7)
            {
                world.Lay(path, bytes[..length]);
                world.MustBeRightOrRefuse($"{path}, cut to {length} bytes");
            }
            foreach (var more in (byte[][])[[0], [1], new byte[5_000]])
            {
                world.Lay(path, [.. bytes, .. more]);
                world.MustBeRightOrRefuse($"{path}, {more.Length} bytes behind its end");
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_sector_zeroed_or_exchanged_with_another_is_survived_or_refused(bool closed)
    {
        const int Sector = 512;
        var world = new DirectoryWorld(closed);
        foreach (var (path, bytes) in world.Files)
        {
            for (var at = 0; at < bytes.Length; at += Sector)
            {
                var bad = bytes.ToArray();
                bad.AsSpan(at, Math.Min(Sector, bad.Length - at)).Clear();
                world.Lay(path, bad);
                world.MustBeRightOrRefuse($"{path}, sector at {at} zeroed");
                for (var other = 0; other + Sector <= bytes.Length && at + Sector <= bytes.Length; other += Sector)
                {
                    bad = bytes.ToArray();
                    bytes.AsSpan(other, Sector).CopyTo(bad.AsSpan(at));
                    world.Lay(path, bad);
                    world.MustBeRightOrRefuse($"{path}, sector at {at} is that of {other}");
                }
            }
        }
    }

    [Fact]
    public void Any_file_that_is_gone_is_done_without_or_missed_and_the_identity_is_never_made_up()
    {
        var world = new DirectoryWorld(closed: true);
        foreach (var (path, _) in world.Files)
        {
            world.Lay(path, null);
            var cameUp = world.MustBeRightOrRefuse($"{path} is gone");
            Assert.Equal(path.EndsWith(".snap", StringComparison.Ordinal), cameUp);
        }
    }

    [Fact]
    public void The_directory_as_it_was_left_comes_up()
    {
        foreach (var closed in (bool[])[true, false])
        {
            var world = new DirectoryWorld(closed);
            world.Lay("", null);
            Assert.True(world.MustBeRightOrRefuse("nothing is wrong"));
        }
    }
}
