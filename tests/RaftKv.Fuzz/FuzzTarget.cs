namespace RaftKv.Fuzz;

/// <summary>
/// A part of the library that takes untrusted bytes. A target catches the exceptions that are permitted; any other exception is a finding.
/// </summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>Valid inputs, from which mutated ones are made.</summary>
    public abstract IReadOnlyList<byte[]> Corpus { get; }

    /// <summary>The limit of the bytes that one input may allocate, on the thread that takes it.</summary>
    public virtual long MaxAllocatedBytes => 8 * 1024 * 1024;

    /// <summary>
    /// Corrects the checksums of a mutated input, as far as its structure can be followed, so that the input passes them.
    /// </summary>
    public virtual void Reseal(Span<byte> input) { }

    /// <summary>Takes an input. True if it was accepted as good.</summary>
    /// <param name="input">The bytes.</param>
    /// <param name="isAuthentic">True if its checksums were corrected: its content may differ from all that was ever written, and may be
    /// accepted.</param>
    public abstract bool Take(byte[] input, bool isAuthentic);

    /// <summary>Checks the state of the whole target: after the last input, and after every 10,000 inputs.</summary>
    public virtual void Check() { }

    public virtual void Dispose() { }

    protected static void Require(bool holds, string what)
    {
        if (!holds)
            throw new FindingException(what);
    }

    protected static byte[] Golden(string name)
    {
        using var stream = typeof(FuzzTarget).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
