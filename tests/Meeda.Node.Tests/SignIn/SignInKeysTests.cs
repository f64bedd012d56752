using Meeda.Ethereum;
using Meeda.Operator.SignIn;
using Meeda.Operator.Tenants;
using Meeda.Storage;
using Meeda.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.SignIn;

/// <summary>Keys and nonces of wallets that sign in, in both databases.</summary>
public sealed class SignInKeysTests : IDisposable
{
    private static readonly Address Wallet = Address.Parse("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    private static readonly Address Rollup = Address.Parse("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    private static readonly Address Other = Address.Parse("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
    private static readonly TenantQuota Quota = new(0, 5, 3);

    private readonly TemporaryFolder _folder = new();
    private readonly SteppedClock _clock = new();

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_ends_and_the_one_before_it_earlier(bool postgres)
    {
        await using PostgresServer? server = postgres ? await PostgresServer.StartAsync() : null;
        await using TenantKeys keys = await OpenAsync(server);
        (Tenant? tenant, string first) = (await SignInAsync(keys, "a"))!.Value;
        Assert.Equal(
            ($"{Wallet} for {Rollup}", $"{Wallet}", Rollup, Quota with { }, TenantScopes.Read | TenantScopes.Write),
            (tenant!.Name, tenant.Signer, tenant.Payer, tenant.Quota, tenant.Scopes)
        );
        _clock.Advance(TimeSpan.FromMinutes(1));
        (_, string second) = (await SignInAsync(keys, "b"))!.Value;
        Assert.Equal("++", await AreGoodAsync(keys, first, second));
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("-+", await AreGoodAsync(keys, first, second));
        _clock.Advance(TimeSpan.FromMinutes(8) - TimeSpan.FromSeconds(1));
        Assert.Equal("-+", await AreGoodAsync(keys, first, second));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("--", await AreGoodAsync(keys, first, second));

        // The next key does not reinstate one that has ended.
        (Tenant? last, string third) = (await SignInAsync(keys, "c"))!.Value;
        Assert.Equal("--+", await AreGoodAsync(keys, first, second, third));
        await keys.SignOutAsync(tenant, _clock.GetUtcNow(), default); // as it was before it signed in again
        Assert.Equal("--+", await AreGoodAsync(keys, first, second, third));
        await keys.SignOutAsync(last!, _clock.GetUtcNow(), default);
        Assert.Equal("---", await AreGoodAsync(keys, first, second, third));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_nonce_is_good_once_whoever_comes_first(bool postgres)
    {
        await using PostgresServer? server = postgres ? await PostgresServer.StartAsync() : null;
        string? database = server is null ? null : await server.CreateDatabaseAsync();
        await using TenantKeys one = await OpenAsync(database),
            other = await OpenAsync(database);
        (Tenant? Tenant, string Key)?[] got = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => SignInAsync(i % 2 == 0 ? one : other, "same"))
        );
        Assert.Single(got, each => each is not null);
        Assert.True(await one.IsUsedAsync("same", default));
        Assert.False(await one.IsUsedAsync("another", default));
        Assert.Equal(await one.SignInSecretAsync(32, default), await other.SignInSecretAsync(32, default));

        // It is remembered for as long as it would be valid.
        _clock.Advance(TimeSpan.FromMinutes(65));
        Assert.NotNull(await SignInAsync(one, "next"));
        Assert.True(await one.IsUsedAsync("same", default));
    }

    [Fact]
    public async Task A_tenant_of_the_operators_is_not_taken_over_and_a_revoked_one_not_brought_back()
    {
        await using TenantKeys keys = await OpenAsync((string?)null);
        await keys.MakeAsync($"{Wallet} for {Rollup}", TenantScopes.Admin, Quota, _clock.GetUtcNow(), default);
        Assert.Null((await SignInAsync(keys, "a"))!.Value.Tenant);
        Assert.Null(Assert.Single(await keys.ListAsync(default)).Signer);

        (Tenant? own, string key) = (await SignInAsync(keys, "b", Rollup))!.Value;
        await keys.RevokeAsync(own!.Name, _clock.GetUtcNow(), default);
        Assert.Null((await SignInAsync(keys, "c", Rollup))!.Value.Tenant);
        Assert.Null(await keys.FindAsync(key, default));

        // Nor does another wallet get a key for that rollup, or that wallet one for another.
        Assert.Null((await SignInAsync(keys, "d", Other))!.Value.Tenant);

        // Signing out does not end a key that the operator created.
        Tenant made = (await keys.ListAsync(default))[0];
        await keys.SignOutAsync(made, _clock.GetUtcNow(), default);
        Assert.Null((await keys.ListAsync(default))[0].ExpiresAt);
    }

    [Fact]
    public void Nonces_are_ones_own_and_end()
    {
        var nonces = new SignInNonces(new byte[32], _clock);
        DateTimeOffset end = _clock.GetUtcNow().AddMinutes(10);
        string nonce = nonces.Create(end);
        Assert.NotEqual(nonce, nonces.Create(end));
        Assert.True(nonces.IsValid(nonce, out DateTimeOffset read));
        Assert.Equal(end.ToUnixTimeSeconds(), read.ToUnixTimeSeconds());
        for (int i = 0; i < nonce.Length; i++)
        {
            char other = nonce[i] == '0' ? '1' : '0';
            Assert.False(nonces.IsValid(nonce[..i] + other + nonce[(i + 1)..], out _));
        }

        Assert.False(nonces.IsValid(nonce.ToUpperInvariant(), out _));
        Assert.False(nonces.IsValid(nonce + "00", out _));
        Assert.False(nonces.IsValid(new string('z', nonce.Length), out _));
        Assert.False(new SignInNonces([1, .. new byte[31]], _clock).IsValid(nonce, out _));
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.False(nonces.IsValid(nonce, out _));
    }

    [Theory]
    [InlineData("https://da.example.org", "domain")]
    [InlineData("da.example.org/", "domain")]
    [InlineData("DA.example.org", "domain")]
    [InlineData("user@da.example.org", "domain")]
    [InlineData("da.example.org:443", "domain")]
    [InlineData("", "domain")]
    public void A_domain_is_a_host_and_nothing_else(string domain, string field) =>
        Assert.StartsWith(
            field,
            Assert.Single(new SignInOptionsValidator().Failures(new SignInOptions { Domain = domain })),
            StringComparison.Ordinal
        );

    [Fact]
    public void Options_out_of_range_are_named()
    {
        var options = new SignInOptions
        {
            Domain = "da.example.org:8443",
            KeyLifetime = TimeSpan.Zero,
            MessageLifetime = TimeSpan.FromDays(1),
            DelegateRegistry = "registry",
            DelegateInterval = TimeSpan.Zero,
            MinBatchCost = -1,
            AttemptsPerMinute = 0,
            RequestsPerSecond = -1,
            Concurrency = 0,
        };
        Assert.Equal(8, new SignInOptionsValidator().Failures(options).Count());
        Assert.Empty(new SignInOptionsValidator().Failures(new SignInOptions()));
    }

    private async Task<TenantKeys> OpenAsync(PostgresServer? server) =>
        await OpenAsync(server is null ? null : await server.CreateDatabaseAsync());

    private Task<TenantKeys> OpenAsync(string? database) =>
        TenantKeys.OpenAsync(new StorageOptions { Folder = _folder.Path, Database = database }, _clock, default);

    private Task<(Tenant? Tenant, string Key)?> SignInAsync(TenantKeys keys, string nonce, Address? signer = null)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        return keys.SignInAsync(
            (signer ?? Wallet, Rollup),
            (nonce, now.AddMinutes(10)),
            Quota,
            (now, now.AddMinutes(10), now.AddMinutes(2)),
            default
        );
    }

    private static async Task<string> AreGoodAsync(TenantKeys keys, params string[] all)
    {
        string good = "";
        foreach (string key in all)
        {
            good += await keys.FindAsync(key, default) is null ? '-' : '+';
        }

        return good;
    }
}
