using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>The bytes that wait for one peer: all of them are kept in order, and the buffer is not much larger than they are.</summary>
public sealed class SendBufferTests
{
    private const int Block = 64 * 1024;

    [Fact]
    public void A_buffer_that_is_never_empty_stays_small_and_keeps_its_content()
    {
        var buffer = new SendBuffer();
        var (written, read) = (new Prng(1), new Prng(1));
        Fill(buffer.Append(1024 * 1024), written);
        for (var i = 0; i < 4_000; i++)
        {
            Fill(buffer.Append(Block), written);
            AssertContent(buffer, Block, read);
            Assert.InRange(buffer.Bytes.Length, 1, 4 * 1024 * 1024);
        }
        AssertContent(buffer, 1024 * 1024, read);
        Assert.True(buffer.IsEmpty);
    }

    [Fact]
    public void Appended_and_sent_pieces_of_all_sizes_keep_their_content()
    {
        var buffer = new SendBuffer();
        var (written, read, chance) = (new Prng(2), new Prng(2), new Prng(3));
        var most = 0;
        for (var i = 0; i < 20_000; i++)
        {
            if (chance.Below(2) == 0)
                Fill(buffer.Append(8 * (int)chance.Below(1_000)), written);
            else
                AssertContent(buffer, (int)Math.Min(buffer.Unsent.Length, 8 * chance.Below(1_000)), read);
            most = Math.Max(most, buffer.Unsent.Length);
            Assert.InRange(buffer.Bytes.Length, 0, Math.Max(16, 4 * most));
        }
        AssertContent(buffer, buffer.Unsent.Length, read);
    }

    private static void Fill(Span<byte> bytes, Prng from)
    {
        for (var at = 0; at < bytes.Length; at += 8)
            BitConverter.TryWriteBytes(bytes[at..], from.Next());
    }

    private static void AssertContent(SendBuffer buffer, int bytes, Prng expected)
    {
        var isRight = true;
        for (var at = 0; at < bytes; at += 8)
            isRight &= BitConverter.ToUInt64(buffer.Unsent[at..]) == expected.Next();
        Assert.True(isRight, "the bytes are those that were appended");
        buffer.Sent(bytes);
    }
}
