namespace RaftKv.Embedded;

/// <summary>The answer to a read in place.</summary>
/// <param name="Found">Whether the key exists.</param>
/// <param name="Result">What the reader made of its value; <c>default</c> when it does not exist.</param>
public readonly record struct KvReadResult<TResult>(bool Found, TResult? Result);
