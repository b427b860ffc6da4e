using System.Buffers.Binary;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Tests.Formats;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>The encoding of messages and introductions: fixed formats, fields of later versions, and damage.</summary>
public sealed class MessageCodecTests
{
    private static PeerStart Start => new()
    {
        Count = 3,
        Ids = [7, -8, long.MaxValue],
        Term = 5,
        HasVoted = true,
        LastIndex = 41,
        IsLed = true,
        ReplacedIncarnation = new Guid("11111111-2222-3333-4444-555555555555"),
    };

    [Fact]
    public void Every_message_survives_the_wire()
    {
        foreach (var message in SampleMessages.All)
            SampleMessages.AssertSame(message, SampleMessages.Decode(SampleMessages.Encode(message)));
    }

    [Fact]
    public void The_samples_have_every_message_there_is()
    {
        var all = typeof(PeerMessage).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(PeerMessage)) && !t.IsAbstract);

        Assert.Equal(all.OrderBy(t => t.Name), SampleMessages.All.Select(m => m.GetType()).Distinct().OrderBy(t => t.Name));
    }

    [Fact]
    public void Version_1_of_the_wire_is_what_it_always_was()
    {
        var frames = SampleMessages.First.Select(SampleMessages.Encode)
            .Append(SampleMessages.Hello.EncodeHello())
            .Append(SampleMessages.Hello.EncodeReply(HandshakeVerdict.OtherIncarnation));
        var expected = GoldenFile.Read("wire-v1.bin");

        Assert.Equal(expected, frames.SelectMany(f => f).ToArray());
        GoldenFile.Holds("wire-v1-traces.bin", SampleMessages.Traces.SelectMany(SampleMessages.Encode).ToArray());
        GoldenFile.Holds("wire-v1-disk.bin", SampleMessages.Disk.SelectMany(SampleMessages.Encode).ToArray());
        GoldenFile.Holds("wire-v1-reports.bin", SampleMessages.Reports.SelectMany(SampleMessages.Encode).ToArray());
        GoldenFile.Holds("wire-v1-integrity.bin", SampleMessages.Integrity.SelectMany(SampleMessages.Encode).ToArray());
        GoldenFile.Holds("wire-v1-clocks.bin", SampleMessages.Clocks.SelectMany(SampleMessages.Encode).ToArray());
        GoldenFile.Holds("wire-v1-log-time.bin", SampleMessages.LogTime.SelectMany(SampleMessages.Encode).ToArray());
    }

    [Fact]
    public void Fields_that_came_later_survive_the_wire_and_are_skipped_by_whoever_does_not_know_them()
    {
        var hello = Handshake.Of(SampleMessages.Hello.Hello with { Process = Guid.NewGuid(), StartedAt = 1_700_000_000_000, WantsToJoin = true, Start = Start, InitialMembersDigest = ulong.MaxValue, JoinAnswer = "not now", HoldsNothing = true }, PeerSecret.NewNonce());
        var frame = hello.EncodeHello();
        Frame.ReadHeader(frame, Frame.MaxHandshakePayload, out var type);
        var read = Handshake.DecodeHello(type, Frame.Open(frame));
        Assert.Equal((hello.Hello, hello.Capabilities), (read.Hello, read.Capabilities));
        Assert.Equal(hello.Nonce, read.Nonce);

        // An older version, which does not know these fields, reads the same bytes as before.
        var old = SampleMessages.Hello.EncodeHello();
        var known = old.Length - Frame.OverheadBytes - 16;
        Assert.Equal(old[(Frame.HeaderBytes + 16)..^4], frame[(Frame.HeaderBytes + 16)..(Frame.HeaderBytes + 16 + known)]);
    }

    [Fact]
    public void An_introduction_survives_the_wire()
    {
        var hello = SampleMessages.Hello;
        var frame = hello.EncodeHello();
        Frame.ReadHeader(frame, Frame.MaxHandshakePayload, out var type);
        Assert.Equal(hello, Handshake.DecodeHello(type, Frame.Open(frame)));

        frame = hello.EncodeReply(HandshakeVerdict.NotJoined);
        Frame.ReadHeader(frame, Frame.MaxHandshakePayload, out type);
        Assert.Equal(hello, Handshake.DecodeReply(type, Frame.Open(frame), out var verdict));
        Assert.Equal(HandshakeVerdict.NotJoined, verdict);
    }

    [Fact]
    public void An_introduction_of_a_later_version_with_more_fields_is_understood()
    {
        var frame = SampleMessages.Hello.EncodeHello();
        var longer = new byte[frame.Length + 20];
        frame.AsSpan(0, frame.Length - 4).CopyTo(longer);
        Frame.Seal(longer, FrameType.Hello);

        Assert.Equal(SampleMessages.Hello, Handshake.DecodeHello(FrameType.Hello, Frame.Open(longer)));
    }

    [Fact]
    public void A_message_type_of_a_later_version_is_no_error() => Assert.Null(MessageDecoder.Read((FrameType)200, new byte[10]));

    [Fact]
    public void Every_cut_off_message_is_refused()
    {
        foreach (var message in SampleMessages.All)
        {
            var frame = SampleMessages.Encode(message);
            var payload = frame.AsMemory(Frame.HeaderBytes, frame.Length - Frame.OverheadBytes);
            for (var length = 0; length < payload.Length; length++)
                Assert.Throws<WireFormatException>(() => MessageDecoder.Read((FrameType)frame[4], payload[..length]));
            Assert.Throws<WireFormatException>(() => MessageDecoder.Read((FrameType)frame[4], payload.ToArray().Append((byte)0).ToArray()));
        }
    }

    [Fact]
    public void Every_flipped_bit_of_a_frame_is_noticed()
    {
        var frame = SampleMessages.Encode(SampleMessages.All[1]);
        for (var bit = 0; bit < frame.Length * 8; bit++)
        {
            var damaged = (byte[])frame.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<WireFormatException>(() => SampleMessages.Decode(damaged));
        }
    }

    /// <summary>Without the check of the frame's checksum, so that the damage reaches the codec.</summary>
    [Fact]
    public void Damaged_payloads_are_refused_or_read_within_the_memory_they_paid_for()
    {
        var prng = new Prng(20_260_701);
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var frame = SampleMessages.Encode(SampleMessages.All[(int)prng.Below(SampleMessages.All.Count)]);
            var payload = frame.AsSpan(Frame.HeaderBytes, frame.Length - Frame.OverheadBytes);
            for (var flips = 1 + prng.Below(4); flips > 0 && payload.Length > 0; flips--)
                payload[(int)prng.Below(payload.Length)] = prng.Below(3) == 0 ? (byte)255 : (byte)prng.Next();
            var type = prng.Below(10) == 0 ? (FrameType)prng.Next() : (FrameType)frame[4];
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                MessageDecoder.Read(type, frame.AsMemory(Frame.HeaderBytes, payload.Length));
            }
            catch (WireFormatException)
            {
                refused++;
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
        }
        Assert.InRange(refused, 1_000, 19_999);
    }

    [Fact]
    public void Damaged_introductions_are_refused_or_read()
    {
        var prng = new Prng(7);
        for (var i = 0; i < 5_000; i++)
        {
            var frame = SampleMessages.Hello.EncodeHello();
            for (var flips = 1 + prng.Below(4); flips > 0; flips--)
                frame[Frame.HeaderBytes + (int)prng.Below(frame.Length - Frame.OverheadBytes)] = (byte)prng.Next();
            Frame.Seal(frame, FrameType.Hello);
            try
            {
                var hello = Handshake.DecodeHello(FrameType.Hello, Frame.Open(frame)).Hello;
                Assert.DoesNotContain(hello.NodeId, char.IsControl);
            }
            catch (WireFormatException)
            {
                continue;
            }
        }
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(0x8000_0000u)]
    [InlineData(0x7FFF_FFFFu)]
    [InlineData(4_097u)]
    public void A_length_over_the_limit_is_refused_from_the_header_alone(uint length)
    {
        var header = new byte[Frame.HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, length);

        Assert.Throws<WireFormatException>(() => Frame.ReadHeader(header, Frame.MaxHandshakePayload, out _));
    }

    [Fact]
    public void Entries_are_slices_of_the_received_bytes_and_not_copies()
    {
        var frame = SampleMessages.Encode(SampleMessages.All[5]);
        var message = (AppendEntries)MessageDecoder.Read(FrameType.AppendEntries,
            frame.AsMemory(Frame.HeaderBytes, frame.Length - Frame.OverheadBytes))!;

        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(message.Entries.Span[1].Payload, out var segment));
        Assert.Same(frame, segment.Array);
        Assert.Equal(0xE3069283, Crc32C.Compute("123456789"u8));
    }
}
