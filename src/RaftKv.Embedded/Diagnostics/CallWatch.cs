using System.Diagnostics;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>A call that is measured or traced, from its beginning to its outcome.</summary>
/// <param name="Span"><c>null</c> when it is not traced.</param>
/// <param name="Begun">A timestamp of <see cref="Stopwatch"/>.</param>
internal readonly record struct CallWatch(Activity? Span, long Begun)
{
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(Begun);

    public static CallWatch Begin(Activity? span) => new(span, Stopwatch.GetTimestamp());
}
