using System.Globalization;

namespace RaftKv.Benchmarks;

/// <summary>The command-line arguments after the mode: pairs of <c>--name value</c>.</summary>
internal sealed class Arguments
{
    private static readonly string[] Known = ["callers", "seconds", "warmup", "ops", "from", "keys", "value", "runs", "nodes", "rounds", "minutes", "live-mb", "budget-mb", "rate", "mb", "how", "batch", "against", "over", "at"];

    private readonly Dictionary<string, string> values = [];

    public int[] Callers => [.. List("callers", "1,16,64,256").Select(n => int.Parse(n, CultureInfo.InvariantCulture))];

    public double Seconds => double.Parse(Text("seconds", "5"), CultureInfo.InvariantCulture);

    public double WarmUp => double.Parse(Text("warmup", "2"), CultureInfo.InvariantCulture);

    public string[] Operations => List("ops", "put,get,lease,stale,tryread");

    public string[] From => List("from", "leader,follower");

    public int Keys => KeysOr(100_000);

    public int KeysOr(int fallback) => Number("keys", fallback);

    public int CallersOr(int fallback) => Number("callers", fallback);

    public int ValueBytes => ValueBytesOr(100);

    public int ValueBytesOr(int fallback) => Number("value", fallback);

    public int RunsOr(int fallback) => Number("runs", fallback);

    /// <summary>The dimensions that the growth benchmark varies.</summary>
    public string[] Over => List("over", "nodes,callers,value,keys");

    public long[] AtOr(long[] fallback) => [.. List("at", string.Join(',', fallback)).Select(n => long.Parse(n, CultureInfo.InvariantCulture))];

    /// <summary>Puts in one transaction.</summary>
    public int Batch => Number("batch", 64);

    /// <summary>The program that measures another system.</summary>
    public string? Against => values.GetValueOrDefault("against");

    public int Nodes => Number("nodes", 3);

    public int Rounds => RoundsOr(10);

    public int RoundsOr(int fallback) => Number("rounds", fallback);

    /// <summary>How the leader fails: <c>kill</c> is kill -9, <c>silent</c> is SIGSTOP, which leaves its sockets open.</summary>
    public string How => Text("how", "kill");

    public double Minutes => double.Parse(Text("minutes", "30"), CultureInfo.InvariantCulture);

    /// <summary>Bytes of live data, in MiB.</summary>
    public int LiveMegabytes => Number("live-mb", 1_024);

    /// <summary>Memory for the records, in MiB.</summary>
    public int BudgetMegabytes => Number("budget-mb", 256);

    /// <summary>Writes per second of all callers together.</summary>
    public int RateOr(int fallback) => Number("rate", fallback);

    /// <summary>Bytes of data to move, in MiB.</summary>
    public int Megabytes => Number("mb", 2_048);

    public static Arguments Parse(string[] words)
    {
        var result = new Arguments();
        for (var i = 0; i < words.Length; i += 2)
        {
            var name = words[i].TrimStart('-');
            if (!Known.Contains(name) || i + 1 == words.Length)
                throw new ArgumentException($"'{words[i]}' is no option, or has no value. The options are {string.Join(", ", Known.Select(k => "--" + k))}.");
            result.values[name] = words[i + 1];
        }

        return result;
    }

    private string Text(string name, string fallback) => values.GetValueOrDefault(name, fallback);

    private int Number(string name, int fallback) => int.Parse(Text(name, fallback.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

    private string[] List(string name, string fallback) => Text(name, fallback).Split(',', StringSplitOptions.RemoveEmptyEntries);
}
