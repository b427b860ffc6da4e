using System.Buffers;
using System.Text;

namespace RaftKv.Embedded.Client;

/// <summary>A key as UTF-8, on the stack where it is short. Refuses an invalid key.</summary>
internal ref struct KeyEncoding
{
    /// <summary>The size in bytes of the buffer that callers allocate on their stack for the constructor.</summary>
    public const int StackBytes = 256;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private byte[]? _rented;

    /// <exception cref="ArgumentException">The key is empty, or not valid Unicode.</exception>
    /// <exception cref="RaftKvLimitExceededException">The key is too long.</exception>
    public KeyEncoding(string key, int maxBytes, Span<byte> stack)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        // A string has at least as many bytes in UTF-8 as characters, so this one is too long whatever its exact length is.
        if (key.Length > maxBytes)
            throw new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxKeyBytes), Encoding.UTF8.GetByteCount(key), maxBytes);
        // Fast path: most keys are ASCII and short.
        if (Ascii.FromUtf16(key, stack, out var written) == OperationStatus.Done)
            Bytes = stack[..written];
        else
            Bytes = Encode(key, maxBytes, stack);
    }

    public ReadOnlySpan<byte> Bytes { get; }

    private ReadOnlySpan<byte> Encode(string key, int maxBytes, Span<byte> stack)
    {
        var most = Strict.GetMaxByteCount(key.Length);
        var buffer = most <= stack.Length ? stack : _rented = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            var length = Strict.GetBytes(key, buffer);
            if (length > maxBytes)
                throw new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxKeyBytes), length, maxBytes);
            return buffer[..length];
        }
        catch (Exception e)
        {
            Dispose();
            if (e is EncoderFallbackException)
                throw new ArgumentException(
                    "The key has a surrogate without its other half, so it is not valid Unicode and has no UTF-8 form. Nothing was sent.",
                    nameof(key), e);
            throw;
        }
    }

    public void Dispose()
    {
        if (_rented is { } rented)
        {
            _rented = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
