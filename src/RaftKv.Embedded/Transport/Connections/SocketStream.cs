using System.Net.Sockets;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// A socket as a stream, for TLS: reads and writes block their thread until the deadline at most. After <see cref="Collect"/>, written
/// bytes go into memory instead, from where the owner of the connection sends them without blocking.
/// </summary>
internal sealed class SocketStream(Socket socket) : Stream
{
    private readonly Lock _gate = new();
    private SendBuffer? _collected;

    /// <summary>The deadline of the next reads and writes; null is no limit.</summary>
    public Deadline? Deadline { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>From now on written bytes are collected in memory, and not sent.</summary>
    public void Collect() => _collected = new SendBuffer();

    /// <summary>Moves the collected bytes to the end of <paramref name="into"/>.</summary>
    public void TakeCollected(SendBuffer into)
    {
        lock (_gate)
        {
            var collected = _collected!.Unsent;
            collected.CopyTo(into.Append(collected.Length));
            _collected.Sent(collected.Length);
        }
    }

    /// <summary>Returns 0 bytes only when 0 were requested: the end of the connection is an error like any other.</summary>
    /// <exception cref="ConnectionLostException">The connection ended, or the deadline passed.</exception>
    public override int Read(Span<byte> into)
    {
        // SslStream makes a read of 0 bytes before it reads data.
        if (into.IsEmpty)
            return 0;
        while (true)
        {
            if (Deadline is { } limit && (limit.HasPassed || !socket.Poll(limit.Remaining, SelectMode.SelectRead)))
                throw ConnectionLostException.Timeout("answer");
            var received = socket.Receive(into, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock && Deadline is null)
                socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
            if (error is SocketError.WouldBlock or SocketError.Interrupted)
                continue;
            if (error != SocketError.Success)
                throw ConnectionLostException.Because(error);
            if (received == 0)
                throw ConnectionLostException.Closed();
            return received;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_collected is not null)
            {
                bytes.CopyTo(_collected.Append(bytes.Length));
                return;
            }
        }
        while (!bytes.IsEmpty)
        {
            // Bytes were sent even when the error says that the rest would have blocked.
            bytes = bytes[socket.Send(bytes, SocketFlags.None, out var error)..];
            if (error is not (SocketError.Success or SocketError.WouldBlock or SocketError.Interrupted))
                throw ConnectionLostException.Because(error);
            if (!bytes.IsEmpty && !socket.Poll(Deadline?.Remaining ?? Timeout.InfiniteTimeSpan, SelectMode.SelectWrite))
                throw ConnectionLostException.Timeout("room for the introduction");
        }
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
