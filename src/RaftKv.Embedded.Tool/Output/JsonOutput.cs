using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RaftKv.Embedded.Tool.Output;

/// <summary>Writes JSON documents to the standard output, each with a line feed behind it.</summary>
internal static class JsonOutput
{
    /// <summary>One document on several lines.</summary>
    public static void Write(Action<Utf8JsonWriter> write) => Write(write, isIndented: true);

    /// <summary>One document on one line.</summary>
    public static void WriteLine(Action<Utf8JsonWriter> write) => Write(write, isIndented: false);

    /// <summary>A node's answer, unchanged.</summary>
    public static void Write(JsonElement answer) => Write(answer.WriteTo);

    private static void Write(Action<Utf8JsonWriter> write, bool isIndented)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions { Indented = isIndented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, options))
            write(json);
        buffer.Write("\n"u8);
        using var output = Console.OpenStandardOutput();
        output.Write(buffer.WrittenSpan);
    }
}
