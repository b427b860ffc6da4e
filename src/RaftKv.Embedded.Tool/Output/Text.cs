using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RaftKv.Embedded.Tool.Output;

/// <summary>Formats numbers, and texts from outside, for people.</summary>
internal static class Text
{
    private const int ShownOfValue = 60;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text with its control characters escaped as in JSON: unescaped they could control the terminal.</summary>
    public static string Printable(string text) => !text.Any(IsControl) ? text
        : string.Concat(text.Select(c => IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));

    /// <summary>The beginning of a value that is text, and its size; only the size of any other value.</summary>
    public static string Value(byte[] value)
    {
        var size = Bytes(value.Length);
        try
        {
            var text = Strict.GetString(value);
            return text.Any(IsControl) ? size : text.Length <= ShownOfValue ? text : $"{text[..ShownOfValue]}... ({size})";
        }
        catch (DecoderFallbackException)
        {
            return size;
        }
    }

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Count(long number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    public static string Bytes(long bytes)
    {
        string[] units = ["KiB", "MiB", "GiB", "TiB"];
        if (bytes < 1024)
            return Count(bytes, "byte", "bytes");
        var step = Math.Min(units.Length, (int)Math.Log2(bytes) / 10);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / Math.Pow(1024, step):F1} {units[step - 1]}");
    }

    public static string Duration(long milliseconds) => milliseconds switch
    {
        < 1_000 => $"{milliseconds} ms",
        < 60_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000.0:F1} s"),
        < 3_600_000 => $"{milliseconds / 60_000} min",
        < 86_400_000 => $"{milliseconds / 3_600_000} h",
        _ => $"{milliseconds / 86_400_000} d",
    };

    /// <summary>How long ago, from a property in milliseconds that is <c>null</c> for never.</summary>
    public static string Ago(JsonElement of, string property) =>
        of.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Number ? Duration(value.GetInt64()) + " ago"
            : "never";

    private static bool IsControl(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format;
}
