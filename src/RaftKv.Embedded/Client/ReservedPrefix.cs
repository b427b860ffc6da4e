namespace RaftKv.Embedded.Client;

/// <summary>A prefix of keys that are reserved for the library or a package of it.</summary>
/// <param name="Text">The prefix.</param>
/// <param name="Owner">What the keys are for, as the end of the sentence "keys that begin with … are".</param>
/// <param name="Instead">What an application does instead of writing there, as a sentence.</param>
/// <param name="IsSecret">Whether the values must not be shown.</param>
internal sealed record ReservedPrefix(string Text, string Owner, string Instead, bool IsSecret = false)
{
    /// <param name="what">What was to be written, as the subject of the sentence.</param>
    public RaftKvReservedKeyException Refuse(string what) =>
        new($"{what} is reserved: keys that begin with '{Text}' are {Owner}. Nothing was written. {Instead}", Text);

    public bool Has(string key) => key.StartsWith(Text, StringComparison.Ordinal);
}
