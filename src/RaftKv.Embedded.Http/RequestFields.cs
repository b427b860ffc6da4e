using System.Text.Json;
using System.Text.Unicode;

namespace RaftKv.Embedded.Http;

/// <summary>Reads the fields of a flat JSON object. The value to be stored is not interpreted: it stays the bytes that were sent.</summary>
internal static class RequestFields
{
    // The reader keeps one bit per level, so that no limit of the depth is needed: the size of the body bounds it.
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>Reads <c>{"key": "…", "value": …}</c>.</summary>
    /// <returns>The key, and the value's JSON text as it was sent.</returns>
    /// <exception cref="RequestRefusedException">The body is not that; the field is named.</exception>
    public static (string Key, ReadOnlyMemory<byte> Value) ReadStore(ReadOnlyMemory<byte> body)
    {
        var (key, value) = ReadTwo(body, "key", "value");
        return (ReadTextValue(body[key], "key"), body[value]);
    }

    /// <summary>Reads an object with two texts, for example <c>{"node_id": "…", "raft_address": "…"}</c>.</summary>
    /// <exception cref="RequestRefusedException">The body is not that; the field is named.</exception>
    public static (string First, string Second) ReadTexts(ReadOnlyMemory<byte> body, string first, string second)
    {
        var (firstAt, secondAt) = ReadTwo(body, first, second);
        return (ReadTextValue(body[firstAt], first), ReadTextValue(body[secondAt], second));
    }

    /// <summary>Reads an object with one text, for example <c>{"node_id": "…"}</c>.</summary>
    /// <exception cref="RequestRefusedException">The body is not that; the field is named.</exception>
    public static string ReadText(ReadOnlyMemory<byte> body, string field) => ReadTextValue(body[ReadTwo(body, field, null).First], field);

    /// <summary>Reads an object with one text that may be missing or <c>null</c>.</summary>
    /// <exception cref="RequestRefusedException">The body is not that; the field is named.</exception>
    public static string? ReadOptionalText(ReadOnlyMemory<byte> body, string field) =>
        Find(body, field, null).First is { } at && !body.Span[at].SequenceEqual("null"u8) ? ReadTextValue(body[at], field) : null;

    /// <summary>Whether these bytes are one JSON value: an app may have stored anything through <see cref="IDistributedKv"/>.</summary>
    public static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        if (!Utf8.IsValid(bytes))
            return false;
        try
        {
            var reader = new Utf8JsonReader(bytes, AnyDepth);
            while (reader.Read())
            {
            }
            return reader.BytesConsumed > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static (Range First, Range Second) ReadTwo(ReadOnlyMemory<byte> body, string first, string? second)
    {
        var (firstAt, secondAt) = Find(body, first, second);
        if (firstAt is null)
            throw RequestRefusedException.BadInput(first, $"The field {first} is missing.");
        if (second is not null && secondAt is null)
            throw RequestRefusedException.BadInput(second, $"The field {second} is missing.");
        return (firstAt.Value, secondAt ?? default);
    }

    private static (Range? First, Range? Second) Find(ReadOnlyMemory<byte> body, string first, string? second)
    {
        // Checked here, because the reader does not validate the strings that it skips.
        if (!Utf8.IsValid(body.Span))
            throw RequestRefusedException.BadInput("body", "The body is not valid UTF-8.");
        Range? firstAt = null, secondAt = null;
        try
        {
            var reader = new Utf8JsonReader(body.Span, AnyDepth);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw RequestRefusedException.BadInput("body",
                    $"The body must be a JSON object with the field {first}{(second is null ? "" : " and the field " + second)}.");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals(first))
                    firstAt = ReadOnce(ref reader, firstAt, first);
                else if (second is not null && reader.ValueTextEquals(second))
                    secondAt = ReadOnce(ref reader, secondAt, second);
                else
                    SkipValue(ref reader);
            }
            // Reads to the end: anything but white space behind the object is an error.
            while (reader.Read())
            {
            }
        }
        catch (JsonException e)
        {
            throw RequestRefusedException.BadInput("body",
                $"The body is not valid JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
        return (firstAt, secondAt);
    }

    private static Range ReadOnce(ref Utf8JsonReader reader, Range? before, string field)
    {
        if (before is not null)
            throw RequestRefusedException.BadInput(field, $"The field {field} occurs more than once.");
        return SkipValue(ref reader);
    }

    private static Range SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }

    private static string ReadTextValue(ReadOnlyMemory<byte> json, string field)
    {
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
            throw RequestRefusedException.BadInput(field, $"The field {field} must be a string.");
        string text;
        try
        {
            text = reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw RequestRefusedException.BadInput(field, $"The field {field} has half of a surrogate pair: it is not valid Unicode.");
        }
        return text.Length > 0 ? text : throw RequestRefusedException.BadInput(field, $"The field {field} is empty.");
    }
}
