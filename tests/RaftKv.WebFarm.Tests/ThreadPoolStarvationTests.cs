using System.Diagnostics.Metrics;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.WebFarm.Tests;

/// <summary>
/// An application that blocks on its cache with every thread of the pool: its calls end although no thread of the pool is free.
/// </summary>
public sealed class ThreadPoolStarvationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_that_block_end_although_the_pool_has_no_thread_left(bool isMeasured)
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (isMeasured && instrument.Meter.Name == RaftKvTelemetry.MeterName)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.Start();

        var directory = TestDirectory.Create();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRaftKv(o => o.DataDirectory = directory).AddDistributedCache(o => o.Consistency = KvConsistency.Linearizable);
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var cache = host.Services.GetRequiredService<IDistributedCache>();
        cache.Set("warm", [0]);

        var (took, served) = RunWithoutPool(() =>
        {
            for (byte i = 0; i < 20; i++)
            {
                cache.Set("k", [i]);
                Assert.Equal([i], cache.Get("k")!);
                cache.Refresh("k");
            }
            cache.Remove("k");
            Assert.Null(cache.Get("k"));
        });

        Assert.False(served, "The pool still had a thread: the test shows nothing.");
        Assert.True(took, "The calls did not end.");
        await host.StopAsync(TestContext.Current.CancellationToken);
        TestDirectory.Delete(directory);
    }

    /// <summary>Runs something on a thread of its own, while those of the pool are all taken.</summary>
    /// <returns>Whether it ended in time, and whether the pool still ran what was given to it last.</returns>
    private static (bool Ended, bool PoolServed) RunWithoutPool(Action action)
    {
        ThreadPool.GetMaxThreads(out var workers, out var completions);
        ThreadPool.GetMinThreads(out var fewest, out _);
        // Not disposed: work items that begin after the end of the test still use it.
        var release = new ManualResetEventSlim();
        var served = false;
        Assert.True(ThreadPool.SetMaxThreads(Math.Max(fewest, Environment.ProcessorCount), completions));
        try
        {
            for (var i = 0; i < 4 * Math.Max(fewest, Environment.ProcessorCount); i++)
                ThreadPool.UnsafeQueueUserWorkItem(_ => release.Wait(), null);
            ThreadPool.UnsafeQueueUserWorkItem(_ => Volatile.Write(ref served, true), null);
            Exception? error = null;
            var thread = new Thread(() =>
            {
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    error = e;
                }
            });
            thread.Start();
            var ended = thread.Join(TimeSpan.FromSeconds(60));
            if (error is not null)
                throw new InvalidOperationException("The calls failed.", error);
            return (ended, Volatile.Read(ref served));
        }
        finally
        {
            release.Set();
            ThreadPool.SetMaxThreads(workers, completions);
        }
    }
}
