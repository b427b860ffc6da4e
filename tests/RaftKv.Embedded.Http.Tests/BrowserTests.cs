using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The dashboard in a real browser over real replicas: members, changes of the leader, a lost quorum, edits of keys, and accessibility.
/// Screenshots are written to <c>artifacts/</c>.
/// </summary>
public class BrowserTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static void SkipWithoutChromium() => Assert.SkipUnless(Chromium.Path is not null, "Chromium is not installed: apt-get install chromium.");

    [Fact]
    public async Task It_shows_the_members_follows_a_change_of_the_leader_and_says_when_the_quorum_is_lost()
    {
        SkipWithoutChromium();
        await using var node1 = await WebNode.StartAsync("node1", Stop);
        await using var node2 = await WebNode.StartAsync("node2", Stop);
        await using var node3 = await WebNode.StartAsync("node3", Stop);
        await node1.Cluster.AddMemberAsync("node2", node2.Cluster.Status.Address, Stop);
        await node1.Cluster.AddMemberAsync("node3", node3.Cluster.Status.Address, Stop);
        await FillAsync(node1.Kv);
        await using var page = await Chromium.StartAsync(Stop);
        await page.LookAsync("light", 1280, 900);
        await page.OpenAsync(node2.Url + "/raftkv");

        await page.UntilAsync("document.querySelectorAll('#members tr').length === 3 && document.getElementById('live').textContent === 'live'");
        await page.UntilAsync("document.getElementById('t-leader').textContent === 'node1' && document.getElementById('banner').hidden");
        await PicturesAsync(page, node1, node2);

        await node1.DisposeAsync();
        await page.UntilAsync("['node2', 'node3'].includes(document.getElementById('t-leader').textContent)");
        await node3.DisposeAsync();
        await page.UntilAsync("document.getElementById('banner').textContent.includes('The quorum is lost')");
        await page.EvaluateAsync("$('prefix').value = ''; search()");
        await page.UntilAsync("$('keys').children.length > 0 && $('keys-note').textContent.includes('own copy')");
        await page.EvaluateAsync("open('users/ada')");
        await page.UntilAsync("!$('entry').hidden && entry.etag");
        await page.ScreenshotAsync(Repository.Artifact("dashboard-no-quorum.png"));
        await node2.DisposeAsync();
        await page.UntilAsync("document.getElementById('banner').textContent.includes('No connection') && document.getElementById('add-open').disabled");
        await page.ScreenshotAsync(Repository.Artifact("dashboard-no-connection.png"));

        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task It_creates_edits_and_deletes_a_key_and_overwrites_nothing_unseen()
    {
        SkipWithoutChromium();
        await using var node = await WebNode.StartAsync("node1", Stop);
        await using var page = await Chromium.StartAsync(Stop);
        await page.OpenAsync(node.Url + "/raftkv");
        await page.UntilAsync("document.getElementById('live').textContent === 'live' && !document.getElementById('key-new').disabled");

        await page.EvaluateAsync("$('key-new').click(); $('entry-key').value = 'a/ü <b>'; $('entry-value').value = 'one\\ntwo'; $('entry-save').click()");
        await page.UntilAsync("document.querySelector('#keys button:not(.group) span')?.textContent === 'ü <b>' && entry?.etag");
        Assert.Equal("one\ntwo", await ReadAsync(node, "a/ü <b>"));

        await page.EvaluateAsync("$('entry-value').value = 'three'; $('entry-save').click()");
        await page.UntilAsync("$('entry-note').textContent.includes('5 bytes')");
        Assert.Equal("three", await ReadAsync(node, "a/ü <b>"));

        await node.Kv.SetAsync("a/ü <b>", "somebody else's"u8.ToArray(), cancellationToken: Stop);
        await page.EvaluateAsync("$('entry-value').value = 'mine'; $('entry-save').click()");
        await page.UntilAsync("$('entry-error').textContent.includes('Another writer was faster')");
        Assert.Equal("somebody else's", await ReadAsync(node, "a/ü <b>"));

        await page.EvaluateAsync("document.querySelector('#keys button:not(.group)').click()");
        await page.UntilAsync("$('entry-value').value.includes('somebody')");
        await page.EvaluateAsync("$('entry-delete').click()");
        await page.UntilAsync("$('confirm').open");
        await page.EvaluateAsync("$('confirm-yes').click()");
        await page.UntilAsync("$('entry').hidden && document.querySelectorAll('#keys button').length === 0");
        Assert.Null(await ReadAsync(node, "a/ü <b>"));

        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_follower_shows_dead_members_what_may_still_fail_and_a_lost_quorum()
    {
        SkipWithoutChromium();
        await using var cluster = await SampleCluster.FormAsync(Stop);
        await using var page = await Chromium.StartAsync(Stop);
        await page.LookAsync("light", 1280, 900);
        await page.OpenAsync(cluster["node2"].Url + "raftkv");
        await page.UntilAsync("$('t-leader').textContent === 'node1' && $('quorum').textContent.includes('1 may fail')");
        await page.UntilAsync("document.querySelectorAll('#members .state').length === 3 && [...document.querySelectorAll('#members .state')].every(s => s.textContent === 'alive')");
        await page.UntilAsync("document.querySelector('#members tr[data-node=node3] .lag').textContent === 'none'");
        await page.UntilAsync("document.querySelector('#members tr[data-node=node3]').textContent.includes('ago by the leader')");
        await page.ScreenshotAsync(Repository.Artifact("dashboard-three-members.png"));

        await cluster["node1"].KillAsync();
        await page.UntilAsync("['node2', 'node3'].includes($('t-leader').textContent) && $('live').textContent === 'live'");
        var leader = (await page.EvaluateAsync("$('t-leader').textContent")).GetString()!;
        var follower = leader == "node2" ? "node3" : "node2";
        await page.OpenAsync(cluster[follower].Url + "raftkv");
        await page.UntilAsync("$('role').textContent === 'follower' && $('quorum').textContent.includes('1 dead') && $('quorum').textContent.includes('none may fail')");
        await page.UntilAsync("document.querySelector('#members tr[data-node=node1] .state').textContent === 'dead' && $('banner').textContent.includes('2 of 3 voters')");
        await page.EvaluateAsync("$('key-new').click(); $('entry-key').value = 'after/the-kill'; $('entry-value').value = 'still here'; $('entry-save').click()");
        await page.UntilAsync("entry?.etag && entry.key === 'after/the-kill'");
        await page.ScreenshotAsync(Repository.Artifact("dashboard-leader-killed.png"));

        // A new node replaces the dead one.
        var fresh = await cluster.StartAsync("node4", Stop);
        await page.EvaluateAsync("document.querySelector('button[aria-label=\"Replace node1\"]').click()");
        await page.UntilAsync("$('replace').open && $('replace-title').textContent === 'Replace node1'");
        await page.EvaluateAsync($"$('replace-node').value = 'node4'; $('replace-address').value = '{fresh.RaftAddress}'");
        await page.EvaluateAsync("document.querySelector('#replace button[value=yes]').click()");
        await page.UntilAsync("rows.has('node4') && !rows.has('node1')");
        await page.UntilAsync("$('quorum').textContent.includes('1 may fail')");

        await cluster[leader].KillAsync();
        await fresh.KillAsync();
        await page.UntilAsync("$('banner').textContent.includes('The quorum is lost') && $('quorum').textContent.includes('2 dead')");
        await page.UntilAsync("document.querySelectorAll('#members .state.bad').length === 2");
        await page.EvaluateAsync("open('after/the-kill')");
        await page.UntilAsync("$('entry-note').textContent.includes('own copy') && $('entry-value').value === 'still here'");
        await page.ScreenshotAsync(Repository.Artifact("dashboard-quorum-lost.png"));

        Assert.Empty(page.Errors);
    }

    [Theory]
    [InlineData("light", 1280)]
    [InlineData("dark", 1280)]
    [InlineData("light", 390)]
    public async Task Axe_finds_no_serious_violation(string scheme, int width)
    {
        SkipWithoutChromium();
        Assert.SkipUnless(Accessibility.CanJudge, "axe-core is not installed: npm install --no-save axe-core.");
        await using var node = await WebNode.StartAsync("node1", Stop);
        await FillAsync(node.Kv);
        await using var page = await Chromium.StartAsync(Stop);
        await page.LookAsync(scheme, width, 900);
        await page.OpenAsync(node.Url + "/raftkv");
        await using var held = await node.Services.GetRequiredService<IRaftKvCoordination>().AcquireLockAsync("billing", cancellationToken: Stop);
        await page.UntilAsync("samples.length >= 2 && document.querySelectorAll('#keys .group').length >= 3");
        await ExpandAsync(page);
        await page.EvaluateAsync("drawLocks().then(drawLeases).then(() => $('watch').click())");
        await page.UntilAsync("$('locks').textContent.includes('billing') && !$('watched').hidden");
        await page.UntilAsync("$('leases').textContent.includes('node1') && $('leases').textContent.includes('.locks/billing/')");
        using (var seen = CancellationTokenSource.CreateLinkedTokenSource(Stop))
        {
            var writing = WriteUntilAsync(node.Kv, seen.Token);
            await page.UntilAsync("$('changes').textContent.includes('users/ada')");
            await seen.CancelAsync();
            await writing;
        }

        Assert.Empty(await Accessibility.JudgeAsync(page));
        await page.EvaluateAsync("open('users/ada')");
        await page.UntilAsync("!$('entry').hidden && $('entry-json-text').textContent.includes('\"a\": 2') && $('entry-note').textContent.includes('expires in')");
        await page.ScreenshotAsync(Repository.Artifact($"dashboard-keys-{scheme}-{width}.png"));
        Assert.Empty(await Accessibility.JudgeAsync(page));
        await page.EvaluateAsync("$('add-open').click()");
        Assert.Empty(await Accessibility.JudgeAsync(page));
        await page.EvaluateAsync("$('add-cancel').click(); openReplace('node1')");
        Assert.Empty(await Accessibility.JudgeAsync(page));
    }

    private static async Task PicturesAsync(Chromium page, WebNode leader, WebNode shown)
    {
        await WriteSomeAsync(leader.Kv);
        await page.UntilAsync("samples.length >= 4");
        await ExpandAsync(page);
        await page.EvaluateAsync("document.querySelector('#keys button:not(.group)').click()");
        await page.UntilAsync("!$('entry').hidden");
        await page.ScreenshotAsync(Repository.Artifact("dashboard-light.png"));
        await page.LookAsync("dark", 1280, 900);
        await page.ScreenshotAsync(Repository.Artifact("dashboard-dark.png"));
        await page.LookAsync("light", 390, 844);
        Assert.Equal(390, (await page.EvaluateAsync("document.documentElement.scrollWidth")).GetInt32());
        await page.ScreenshotAsync(Repository.Artifact("dashboard-phone.png"));
        await page.LookAsync("light", 1280, 900);
        await page.OpenAsync(leader.Url + "/raftkv");
        await page.UntilAsync("document.getElementById('role').textContent === 'leader' && samples.length >= 2");
        await page.ScreenshotAsync(Repository.Artifact("dashboard-leader.png"));
        await page.OpenAsync(shown.Url + "/raftkv");
        await page.UntilAsync("document.getElementById('live').textContent === 'live'");
    }

    private static async Task ExpandAsync(Chromium page)
    {
        await page.UntilAsync("document.querySelectorAll('#keys .group').length >= 3");
        await page.EvaluateAsync("document.querySelectorAll('#keys > li > .group').forEach(g => g.click())");
        await page.UntilAsync("document.querySelectorAll('#keys button:not(.group)').length >= 8");
    }

    private static async Task FillAsync(IDistributedKv kv)
    {
        foreach (var name in new[] { "orders/1001", "orders/1002", "orders/1003", "sessions/7f3a", "users/ada", "users/barbara", "users/grace", "users/katherine" })
            await kv.SetAsync(name, Encoding.UTF8.GetBytes($$"""{"name":"{{name}}","active":true}"""), cancellationToken: Stop);
    }

    private static async Task WriteSomeAsync(IDistributedKv kv)
    {
        for (var i = 0; i < 200; i++)
            await kv.SetAsync("users/ada", Encoding.UTF8.GetBytes($$"""{"name":"Ada","visits":{{i}}}"""), cancellationToken: Stop);
    }

    /// <summary>
    /// Writes repeatedly: a watch reports only changes after its start, and the page does not show when its watch has started.
    /// </summary>
    private static async Task WriteUntilAsync(IDistributedKv kv, CancellationToken seen)
    {
        while (!seen.IsCancellationRequested)
        {
            await kv.SetAsync("users/ada", "[1,{\"a\":2}]"u8.ToArray(), new KvSetOptions { TimeToLive = TimeSpan.FromHours(1) }, Stop);
            await Task.WhenAny(Task.Delay(200, seen));
        }
    }

    private static async Task<string?> ReadAsync(WebNode node, string key)
    {
        var found = await node.Kv.GetAsync(key, cancellationToken: Stop);
        return found.Found ? Encoding.UTF8.GetString(found.Value.Span) : null;
    }
}
