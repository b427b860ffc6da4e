using System.Runtime.CompilerServices;
using System.Text;

namespace RaftKv.Embedded.Testing;

/// <summary>One run of a case: its keys, and what it expects.</summary>
internal sealed class ConformanceRun(RaftKvConformanceTarget target, CancellationToken token)
{
    public IDistributedKv Kv => target.Kv;

    public IRaftKvLeases Leases => target.Leases!;

    public IRaftKvCoordination Coordination => target.Coordination!;

    public CancellationToken Token => token;

    /// <summary>The prefix of all keys of the run.</summary>
    public string Prefix { get; } = $"conformance/{Guid.NewGuid():n}/";

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    public string Key(string name) => Prefix + name;

    public Task AdvanceAsync(TimeSpan time) => target.AdvanceAsync(time);

    public ValueTask<KvWriteResult> SetAsync(string name, string value, KvSetOptions options = default) =>
        Kv.SetAsync(Key(name), Bytes(value), options, token);

    public ValueTask<KvWriteResult> DeleteAsync(string name) => Kv.DeleteAsync(Key(name), cancellationToken: token);

    public ValueTask<KvGetResult> GetAsync(string name, KvReadOptions options = default) => Kv.GetAsync(Key(name), options, token);

    public ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction) => Kv.CommitAsync(transaction, token);

    /// <summary>The text of a value; <c>null</c> when the key does not exist.</summary>
    public async Task<string?> ReadAsync(string name) => await GetAsync(name).ConfigureAwait(false) is { Found: true } found ? Text(found.Value) : null;

    public static void That(bool holds, [CallerArgumentExpression(nameof(holds))] string? what = null)
    {
        if (!holds)
            throw new RaftKvConformanceException($"Expected: {what}.");
    }

    public static void Same<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string? what = null)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new RaftKvConformanceException($"{what} is {Show(actual)}; expected {Show(expected)}.");
    }

    public static void SameList<T>(IEnumerable<T> expected, IEnumerable<T> actual, [CallerArgumentExpression(nameof(actual))] string? what = null)
    {
        var (wanted, found) = (expected.ToList(), actual.ToList());
        if (!wanted.SequenceEqual(found))
            throw new RaftKvConformanceException($"{what} is [{string.Join(", ", found)}]; expected [{string.Join(", ", wanted)}].");
    }

    /// <summary>Expects an error of this type or a derived one.</summary>
    public static async Task<TError> FailsAsync<TError>(Func<Task> call) where TError : Exception
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (TError expected)
        {
            return expected;
        }
        catch (Exception e)
        {
            throw new RaftKvConformanceException($"Expected {typeof(TError).Name}, and {e.GetType().Name} was thrown: {e.Message}");
        }
        throw new RaftKvConformanceException($"Expected {typeof(TError).Name}, and nothing was thrown.");
    }

    /// <summary>Waits up to 30 s until <paramref name="holds"/> returns true, for effects that an implementation may delay.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string? what = null)
    {
        for (var i = 0; i < 600; i++)
        {
            if (await holds().ConfigureAwait(false))
                return;
            await Task.Delay(50, token).ConfigureAwait(false);
        }
        throw new RaftKvConformanceException($"Expected within 30 s: {what}.");
    }

    private static string Show<T>(T value) => value?.ToString() ?? "null";
}
