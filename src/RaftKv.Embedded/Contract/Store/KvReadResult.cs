namespace RaftKv.Embedded;

/// <summary>The result of a read in place.</summary>
/// <param name="Found">Whether the key exists.</param>
/// <param name="Result">What the reader returned for the value; <c>default</c> when the key does not exist.</param>
public readonly record struct KvReadResult<TResult>(bool Found, TResult? Result);
