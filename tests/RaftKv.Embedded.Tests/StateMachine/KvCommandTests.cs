using System.Text;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Tests.Formats;
using Xunit;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>The encoding of commands: the formats are fixed, and reading any bytes does not throw.</summary>
public sealed class KvCommandTests
{
    private static byte[] Set { get; } = Entries.SetCommand(7, 9, "key"u8, "value"u8, KvCondition.VersionIs(new KvVersion(5)), acknowledgedBelow: 8);

    [Fact]
    public void A_set_survives_the_encoding()
    {
        Assert.True(KvCommand.TryRead(Set, out var command));

        Assert.Equal(KvOperation.Set, command.Operation);
        Assert.Equal((7, 9, 8), (command.Session, command.Sequence, command.AcknowledgedBelow));
        Assert.Equal(KvCondition.VersionIs(new KvVersion(5)), command.Condition);
        Assert.Equal("key", Encoding.UTF8.GetString(command.Key));
        Assert.Equal("value", Encoding.UTF8.GetString(command.Value));
    }

    [Fact]
    public void Whatever_the_bytes_are_reading_them_does_not_throw()
    {
        foreach (var valid in Samples())
        {
            for (var length = 0; length < valid.Length; length++)
                KvCommand.TryRead(valid.AsSpan(0, length), out _);
            Assert.False(KvCommand.TryRead(valid.AsSpan(0, KvCommand.HeaderBytes - 1), out _));
            for (var at = 0; at < valid.Length; at++)
            {
                for (var value = 0; value < 256; value++)
                {
                    var bytes = valid.ToArray();
                    bytes[at] = (byte)value;
                    if (KvCommand.TryRead(bytes, out var command) && command.Operation is KvOperation.Set or KvOperation.Delete)
                        Assert.InRange(command.Key.Length, 1, KvCommand.MaxKeyBytes);
                }
            }
        }
    }

    [Fact]
    public void Random_bytes_are_refused_or_read_but_never_throw()
    {
        var random = new Prng(11);
        for (var i = 0; i < 200_000; i++)
        {
            var bytes = new byte[random.Below(80)];
            for (var at = 0; at < bytes.Length; at++)
                bytes[at] = (byte)random.Next();
            if (bytes.Length > 2)
                (bytes[0], bytes[1]) = (KvCommand.FormatVersion, (byte)random.Below(6));
            KvCommand.TryRead(bytes, out _);
        }
    }

    [Fact]
    public void An_empty_key_an_unknown_condition_and_a_newer_version_are_refused()
    {
        Assert.False(KvCommand.TryRead(Entries.SetCommand(1, 1, default, "v"u8), out _));
        Assert.False(KvCommand.TryRead(Entries.DeleteCommand(1, 1, default), out _));
        Assert.False(KvCommand.TryRead(Entries.SetCommand(0, 1, "k"u8, "v"u8), out _));
        Assert.False(KvCommand.TryRead(Entries.SetCommand(1, 1, "k"u8, "v"u8, acknowledgedBelow: 2), out _));
        var condition = Set.ToArray();
        condition[KvCommand.HeaderBytes] = 4;
        Assert.False(KvCommand.TryRead(condition, out _));
        var version = Set.ToArray();
        version[0] = 2;
        Assert.False(KvCommand.TryRead(version, out _));
    }

    [Fact]
    public void The_format_is_the_released_one() => GoldenFile.Holds("command-v1.bin", [.. Samples().SelectMany(c => BitConverter.GetBytes(c.Length).Concat(c))]);

    [Fact]
    public void The_format_of_lifetimes_and_leases_is_the_released_one()
    {
        var set = new byte[KvCommand.SetBytes(3, 5) + KvLifetime.Bytes];
        KvCommand.WriteSet(set, KvCondition.Exists, new KvLifetime(false, TimeToLiveMs: 1_000, SlidingMs: 100, LeaseId: 3), "key"u8, "value"u8);
        var keep = new byte[KvCommand.SetBytes(3, 0) + KvLifetime.Bytes];
        KvCommand.WriteSet(keep, default, new KvLifetime(Keep: true), "key"u8, default);
        List<byte[]> commands = [set, keep, .. new[] { KvOperation.GrantLease, KvOperation.RenewLease, KvOperation.RevokeLease }.Select(Lease)];
        foreach (var command in commands)
            KvCommand.Patch(command, 7, 12, 9);
        commands.Add(KvCommand.WriteExpire([(5, "key"u8.ToArray()), (6, "k"u8.ToArray())], [3, 4]));
        commands.Add(KvCommand.WriteTouch([(5, "key"u8.ToArray())]));

        Assert.All(commands, c => Assert.True(KvCommand.TryRead(c, out _)));
        GoldenFile.Holds("lifetime-commands-v1.bin", [.. commands.SelectMany(c => BitConverter.GetBytes(c.Length).Concat(c))]);

        static byte[] Lease(KvOperation operation)
        {
            var command = new byte[KvCommand.LeaseBytes];
            KvCommand.WriteLease(command, operation, 1_000);
            return command;
        }
    }

    private static List<byte[]> Samples()
    {
        var open = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(open, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 300);
        var close = new byte[KvCommand.CloseSessionBytes];
        KvCommand.WriteCloseSession(close, 7);
        return [open, close, Set, Entries.SetCommand(7, 10, "k"u8, default), Entries.DeleteCommand(7, 11, "key"u8, KvCondition.Exists, acknowledgedBelow: 10)];
    }
}
