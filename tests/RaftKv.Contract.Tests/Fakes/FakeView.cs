using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;
using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>A view whose state a test sets.</summary>
internal sealed class FakeView<T> : KvView<T>
{
    private KvViewState<T> _current = new();
    private CancellationTokenSource _changed = new();

    public override KvViewState<T> Current => _current;

    public override Task Completion => Task.CompletedTask;

    public void Set(string key, T value)
    {
        _current = new() { Values = _current.Values.SetItem(key, value), Errors = ImmutableDictionary<string, Exception>.Empty };
        Interlocked.Exchange(ref _changed, new()).Cancel();
    }

    public override IChangeToken GetChangeToken() => new CancellationChangeToken(_changed.Token);

    public override ValueTask DisposeAsync() => default;
}
