using System.Buffers.Binary;
using System.Security.Cryptography;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// Authenticates the frames of one direction of one connection: AES-256-GMAC with a key of this connection only, and with the number of the
/// frame as the nonce. A frame that was changed, repeated, left out or forged is detected. Frames are not encrypted: an eavesdropper can
/// read them.
/// </summary>
internal sealed class FrameSeal(byte[] key) : IDisposable
{
    public const int TagBytes = 16;

    private const int NonceBytes = 12;

    private readonly AesGcm _aes = new(key, TagBytes);
    private ulong _frames;

    public void Seal(ReadOnlySpan<byte> frame, Span<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Next(nonce);
        _aes.Encrypt(nonce, default, default, tag, frame);
    }

    /// <exception cref="WireFormatException">The tag does not belong to this frame at this position.</exception>
    public void Check(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Next(nonce);
        try
        {
            _aes.Decrypt(nonce, default, tag, default, frame);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new WireFormatException("a frame is not authentic");
        }
    }

    public void Dispose() => _aes.Dispose();

    private void Next(Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, _frames++);
    }
}
