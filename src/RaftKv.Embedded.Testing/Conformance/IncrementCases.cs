using System.Globalization;
using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Numbers that are counted by the cluster.</summary>
internal static class IncrementCases
{
    private const string Group = "Increments";

    private static readonly string?[] Values = [null, "0", "41", "-1", "9223372036854775807", "-9223372036854775808", "", "text", "1.5", " 1"];

    private static readonly long[] Deltas = [1, 0, -1, 100, long.MaxValue, long.MinValue];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from value in Values
           from delta in Deltas
           select new RaftKvConformanceCase(Group, $"{(value is null ? "no key" : $"'{value}'")} and {delta}", run => IncrementAsync(run, value, delta)),
        new(Group, "increments at once are all counted", ManyAsync),
    ];

    private static async Task IncrementAsync(ConformanceRun run, string? value, long delta)
    {
        if (value is not null)
            await run.SetAsync("n", value).ConfigureAwait(false);
        var isNumber = long.TryParse(value ?? "0", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        var sum = (Int128)number + delta;
        var call = () => run.Kv.IncrementAsync(run.Key("n"), delta, run.Token).AsTask();
        if (isNumber && sum >= long.MinValue && sum <= long.MaxValue)
        {
            Same((long)sum, await call().ConfigureAwait(false));
            Same(((long)sum).ToString(CultureInfo.InvariantCulture), await run.ReadAsync("n").ConfigureAwait(false));
            return;
        }
        var error = await FailsAsync<RaftKvTransactionException>(call).ConfigureAwait(false);
        Same(isNumber ? RaftKvTransactionError.Overflow : RaftKvTransactionError.NotANumber, error.Error);
        Same(KvOutcome.NotApplied, error.Outcome);
        Same(value, await run.ReadAsync("n").ConfigureAwait(false));
    }

    private static async Task ManyAsync(ConformanceRun run)
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => run.Kv.IncrementAsync(run.Key("n"), 2, run.Token).AsTask())).ConfigureAwait(false);
        Same("100", await run.ReadAsync("n").ConfigureAwait(false));
    }
}
