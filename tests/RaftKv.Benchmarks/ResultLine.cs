using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftKv.Benchmarks;

/// <summary>One measurement, named as the lines of the other systems are, so that one tool reads both.</summary>
internal sealed record ResultLine
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string System { get; init; } = "raftkv";

    public required string Op { get; init; }

    public int Clients { get; init; } = 1;

    public double OpsPerS { get; init; }

    [JsonPropertyName("p50_us")]
    public double P50Us { get; init; }

    [JsonPropertyName("p99_us")]
    public double P99Us { get; init; }

    public bool Durable { get; init; }

    public string? From { get; init; }

    public string? Note { get; init; }

    public int Runs { get; init; } = 1;

    public long Errors { get; init; }

    /// <summary>Processor seconds of the processes of all nodes for 10,000 operations, the load generator included.</summary>
    [JsonPropertyName("cpu_s_per_10k")]
    public double? CpuSPer10k { get; init; }

    public double[]? RssMb { get; init; }

    public double? AllocBytesPerOp { get; init; }

    public long? Elections { get; init; }

    public double[]? Ms { get; init; }

    /// <summary>A line with the duration of each run, in milliseconds, and their median and 99th percentile.</summary>
    public static ResultLine OfTimes(string op, IEnumerable<double> milliseconds, string note)
    {
        double[] times = [.. milliseconds.Select(ms => Math.Round(ms, 1))];
        double[] ordered = [.. times.Order()];
        double Percentile(double fraction) => ordered[Math.Max(0, (int)Math.Ceiling(fraction * ordered.Length) - 1)];
        return new ResultLine { Op = op, P50Us = Percentile(0.5) * 1e3, P99Us = Percentile(0.99) * 1e3, Durable = true, Note = note, Runs = times.Length, Ms = times };
    }

    public void Print() => Print(this);

    public static void Print<T>(T line) => Console.WriteLine(JsonSerializer.Serialize(line, Json));
}
