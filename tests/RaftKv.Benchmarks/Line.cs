using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftKv.Benchmarks;

/// <summary>One measurement, named as the lines of the other systems are, so that one tool reads both.</summary>
internal sealed record Line
{
    private static readonly JsonSerializerOptions Json = new()
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

    /// <summary>Seconds of processor of all nodes' processes, the load's own included.</summary>
    [JsonPropertyName("cpu_s_per_10k")]
    public double? CpuSPer10k { get; init; }

    public double[]? RssMb { get; init; }

    public double? AllocBytesPerOp { get; init; }

    public long? Elections { get; init; }

    public double[]? Ms { get; init; }

    public void Print() => Print(this);

    public static void Print<T>(T line) => Console.WriteLine(JsonSerializer.Serialize(line, Json));
}
