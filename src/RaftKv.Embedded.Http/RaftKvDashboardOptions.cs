namespace RaftKv.Embedded.Http;

/// <summary>Who may use the dashboard, and what it shows.</summary>
public sealed class RaftKvDashboardOptions : RaftKvHttpOptions
{
    /// <summary>
    /// The address of a member's dashboard, for a link to it: an absolute http or https address, or <c>null</c> for none. Called about once
    /// a second for each member and open page; it must return quickly. An exception counts as <c>null</c>. The default value is
    /// <c>null</c>: no links.
    /// </summary>
    public Func<RaftKvMemberStatus, Uri?>? AddressOf { get; set; }

    /// <summary>
    /// The prefixes of keys whose values the dashboard never shows, which it hides from its lists unless internal keys are asked for,
    /// and which it does not change. The default value is <c>data-protection/</c>, the default key ring of Data Protection; the ring that
    /// this app keeps with <c>PersistKeysToRaftKv</c> is secret in any case. Keys below <c>.locks/</c> and <c>$raftkv/</c> are hidden and
    /// not changed either, but shown.
    /// </summary>
    public IList<string> SecretPrefixes { get; } = ["data-protection/"];
}
