using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>Urgent messages overtake bulk messages, and long frames are sent in parts.</summary>
public sealed class OutboundQueueTests
{
    private static readonly byte[] Key = new byte[32];

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void An_urgent_message_waits_for_one_slice_at_most(bool splits, bool isSealed)
    {
        using var seal = isSealed ? new FrameSeal(Key) : null;
        using var check = isSealed ? new FrameSeal(Key) : null;
        var queue = new OutboundQueue(seal, splits);
        var reader = new Reader(check);
        for (var i = 0; i < 4; i++)
            Add(queue, Piece(i, 1_000_000));
        Add(queue, new TimeoutNow(1));
        var slices = 0;
        while (!queue.IsEmpty)
        {
            reader.Take(queue);
            slices++;
            if (slices == 1)
                Assert.Single(reader.Messages, m => m is TimeoutNow);
            // The next urgent messages are added while the first chunk is being sent.
            if (slices is 2 or 3)
                Add(queue, new TimeoutNow(slices));
        }
        Assert.Equal([0L, 1, 2, 3], reader.Messages.OfType<InstallSnapshot>().Select(m => m.Offset));
        Assert.All(reader.Messages.OfType<InstallSnapshot>(), m => Assert.Equal(Piece(m.Offset, 1_000_000).Data.ToArray(), m.Data.ToArray()));
        Assert.Equal([1L, 2, 3], reader.Messages.OfType<TimeoutNow>().Select(m => m.Term));
        if (splits)
            Assert.True(reader.Messages.Take(3).All(m => m is TimeoutNow), "urgent messages stand between the parts of one frame");
    }

    [Fact]
    public void What_fits_a_slice_is_not_delayed_while_nothing_is_written()
    {
        var queue = new OutboundQueue(seal: null, splits: true);
        var reader = new Reader(seal: null);
        Add(queue, Piece(0, 1000), isBusy: false);
        Add(queue, new TimeoutNow(1), isBusy: false);
        reader.Take(queue);
        Assert.True(queue.IsEmpty);
        Assert.Equal([typeof(InstallSnapshot), typeof(TimeoutNow)], reader.Messages.Select(m => m.GetType()));
    }

    public static TheoryData<string, byte[][]> WrongParts => new()
    {
        { "no header", [new byte[3]] },
        { "a length over the limit", [[0xFF, 0xFF, 0xFF, 0x7F, 18, 0, 1]] },
        { "longer than its frame", [[.. Frame(10)[..12]], [.. Frame(10)[12..], 1]] },
        { "an empty part", [[.. Frame(10)[..12]], []] },
        { "a wrong checksum", [[.. Frame(10)[..12]], new byte[8]] },
        { "parts of parts", [Handshake.Envelop([1, 2, 3], FrameType.Part)] },
    };

    [Theory]
    [MemberData(nameof(WrongParts))]
    public void Parts_that_are_no_frame_are_refused(string what, byte[][] parts)
    {
        var assembler = new PartAssembler(1000);
        Assert.True(Record.Exception(() =>
        {
            foreach (var part in parts)
                assembler.TryComplete(part, out _, out _);
        }) is WireFormatException, what);
    }

    private static byte[] Frame(int payload) => Handshake.Envelop(new byte[payload], FrameType.TimeoutNow);

    private static InstallSnapshot Piece(long offset, int bytes)
    {
        var data = new byte[bytes];
        new Random((int)offset).NextBytes(data);
        return new InstallSnapshot(1, new EntryId(1, 1), 10, offset, data, 1);
    }

    private static void Add(OutboundQueue queue, PeerMessage message, bool isBusy = true) =>
        queue.Add(message, (int)MessageEncoder.FrameSize(message), isBusy);

    /// <summary>Reads what was sent, as the other side does.</summary>
    private sealed class Reader(FrameSeal? seal)
    {
        private readonly PartAssembler _parts = new(32 * 1024 * 1024);
        private SendBuffer _empty = new();

        public List<PeerMessage> Messages { get; } = [];

        public void Take(OutboundQueue queue)
        {
            queue.Take(ref _empty);
            while (!_empty.IsEmpty)
            {
                var length = Embedded.Transport.Frame.ReadHeader(_empty.Unsent, 32 * 1024 * 1024, out var type);
                var frame = _empty.Unsent[..length].ToArray();
                var tag = seal is null ? 0 : FrameSeal.TagBytes;
                seal?.Check(frame, _empty.Unsent.Slice(length, tag));
                _empty.Sent(length + tag);
                var payload = Embedded.Transport.Frame.Open(frame);
                if (type != FrameType.Part || _parts.TryComplete(payload, out type, out payload))
                    Messages.Add(MessageDecoder.Read(type, payload)!);
            }
        }
    }
}
