namespace RaftKv.Fuzz;

/// <summary>Something that takes bytes nobody vouches for. What it may throw it catches itself; whatever leaves it is a finding.</summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>Good inputs, of which bad ones are made.</summary>
    public abstract IReadOnlyList<byte[]> Corpus { get; }

    /// <summary>The most one input may allocate, on the thread that takes it.</summary>
    public virtual long MaxAllocatedBytes => 8 * 1024 * 1024;

    /// <summary>Makes the checksums of a mutated input right again, as far as its structure still can be followed, so that it gets past them.</summary>
    public virtual void Reseal(Span<byte> input) { }

    /// <summary>Takes an input. True if it was accepted as good.</summary>
    /// <param name="input">The bytes.</param>
    /// <param name="isAuthentic">Its checksums were made right: what it says may differ from what was ever written, and is believed.</param>
    public abstract bool Take(byte[] input, bool isAuthentic);

    /// <summary>After the last input, and now and then before: what must be true of the whole.</summary>
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
