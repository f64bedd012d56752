using Amazon.Runtime;
using Meeda.Hosting;
using Meeda.Storage;
using Meeda.Storage.Buckets;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class S3PlaceTests : IDisposable
{
    private const string Secret = "hush-hush-secret";

    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, "credentials");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("s3+https://s3.example/rows", "https://s3.example/", "rows", "", "s3:s3.example/rows")]
    [InlineData("s3+http://127.0.0.1:7480/rows/", "http://127.0.0.1:7480/", "rows", "", "s3:127.0.0.1:7480/rows")]
    [InlineData(
        "s3+http://[::1]:7480/rows.of-2/a/B",
        "http://[::1]:7480/",
        "rows.of-2",
        "a/B/",
        "s3:[::1]:7480/rows.of-2/a/B"
    )]
    public void TryReadS3_APlace_IsReadAndNamed(
        string place,
        string endpoint,
        string bucket,
        string prefix,
        string name
    )
    {
        Assert.True(StorageOptions.TryReadS3(place, out S3Place read));
        Assert.Equal(new S3Place(new Uri(endpoint), bucket, prefix), read);
        Assert.Equal(name, read.Name);
    }

    [Theory]
    [InlineData("s3+https://s3.example")]
    [InlineData("s3+https://s3.example/")]
    [InlineData("s3+https:///rows")]
    [InlineData("s3+ftp://s3.example/rows")]
    [InlineData("s3+https://s3.example/Rows")]
    [InlineData("s3+https://s3.example/ro")]
    [InlineData("s3+https://s3.example/-rows")]
    [InlineData("s3+https://s3.example/rows//a")]
    [InlineData("s3+https://s3.example/rows/../other")]
    [InlineData("s3+https://s3.example/rows?versionId=1")]
    [InlineData("s3+https://s3.example/rows#a")]
    [InlineData("s3+https://s3.example/rows/%2e%2e")]
    [InlineData("s3://rows")]
    [InlineData("https://s3.example/rows")]
    [InlineData("mefs+http://127.0.0.1:5001/rows")]
    public void TryReadS3_AnythingElse_IsRefused(string place) => Assert.False(StorageOptions.TryReadS3(place, out _));

    [Theory]
    [InlineData("s3+https://KEY:hush-hush-secret@s3.example/rows")]
    [InlineData("s3+https://s3.example/rows/hush-hush-secret@there")]
    [InlineData("s3://KEY:hush-hush-secret@rows")]
    [InlineData("mefs+http://me:hush-hush-secret@node/a/b")]
    public void Problems_OfAPlaceWithAPassword_DoNotShowIt(string place)
    {
        string problem = Assert.Single(
            new StorageOptionsValidator().Failures(new StorageOptions { Providers = { place }, ToleratedLosses = 0 })
        );
        Assert.Contains("Meeda__Storage__Providers", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, problem, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Secret,
            Assert.Throws<SetupException>(() => S3Store.Open(place, new StorageOptions())).ToString(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("s3+https://s3.example/rows", "s3+https://S3.example:443/rows/")]
    [InlineData("s3+https://s3.example/rows/a", "s3+http://s3.example/rows/a/")]
    [InlineData("mefs+http://127.0.0.1:5001/rows", "mefs+http://127.0.0.1:5001/rows/")]
    [InlineData("/srv/rows", "/srv/other/../rows/")]
    [InlineData("rows", "./rows")]
    public void Problems_OfOnePlaceSpeltTwice_AreSaid(string place, string other) =>
        Assert.Contains(
            "named twice",
            Assert.Single(
                new StorageOptionsValidator().Failures(
                    new StorageOptions { Providers = { place, other }, ToleratedLosses = 0 }
                )
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public void Problems_OfGoodPlacesAndOfARegionThatIsNone_AreSaid()
    {
        var options = new StorageOptions
        {
            Providers =
            {
                "s3+https://s3.example/rows",
                "s3+https://s3.example/rows/a",
                "s3+https://s3.example:444/rows",
                "mefs+http://127.0.0.1:5001/rows",
                "/srv/rows",
            },
        };
        Assert.Empty(new StorageOptionsValidator().Failures(options));
        options.S3Region = "";
        Assert.Contains(
            "Meeda__Storage__S3Region",
            Assert.Single(new StorageOptionsValidator().Failures(options)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Credentials_OfTheEnvironment_AreTakenUnlessAProfileIsNamed()
    {
        await System.IO.File.WriteAllTextAsync(
            File,
            $"[default]\naws_access_key_id = D\naws_secret_access_key = {Secret}\n\n[rows]\naws_access_key_id = "
                + $"R\naws_secret_access_key = {Secret}\naws_session_token = T\n"
        );
        (string, string)[] environment =
        [
            ("AWS_ACCESS_KEY_ID", "E"),
            ("AWS_SECRET_ACCESS_KEY", Secret),
            ("AWS_SHARED_CREDENTIALS_FILE", File),
        ];
        Assert.Equal(("E", Secret, ""), Read(null, environment));
        Assert.Equal(("E", Secret, "S"), Read(null, [.. environment, ("AWS_SESSION_TOKEN", "S")]));
        Assert.Equal(("R", Secret, "T"), Read("rows", environment));
        Assert.Equal(("D", Secret, ""), Read(null, environment[2]));
    }

    [Theory]
    [InlineData("absent", "[rows]\naws_access_key_id = R\naws_secret_access_key = hush-hush-secret\n")]
    [InlineData("rows", "[rows]\naws_access_key_id = R\n")]
    [InlineData("rows", "[rows\naws_secret_access_key = hush-hush-secret\n")]
    [InlineData("rows", "hush-hush-secret")]
    [InlineData("rows", "")]
    [InlineData("rows", null)]
    [InlineData(null, null)]
    public async Task Credentials_ThatCannotBeRead_AreSaidWithoutThem(string? profile, string? text)
    {
        if (text is not null)
        {
            await System.IO.File.WriteAllTextAsync(File, text);
        }

        SetupException problem = Assert.Throws<SetupException>(() =>
            Read(profile, ("AWS_SHARED_CREDENTIALS_FILE", File))
        );
        Assert.Contains(File, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, problem.ToString(), StringComparison.Ordinal);
        Assert.Contains(
            profile is null ? "AWS_ACCESS_KEY_ID" : $"'{profile}'",
            problem.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Credentials_OfTheEnvironmentWithoutTheSecret_AreRefused() =>
        Assert.Contains(
            "AWS_SECRET_ACCESS_KEY",
            Assert.Throws<SetupException>(() => Read(null, ("AWS_ACCESS_KEY_ID", "E"))).Message,
            StringComparison.Ordinal
        );

    private static (string Key, string Secret, string Token) Read(
        string? profile,
        params (string Name, string Value)[] environment
    )
    {
        ImmutableCredentials read = S3Client
            .ReadCredentials(profile, name => environment.FirstOrDefault(variable => variable.Name == name).Value)
            .GetCredentials();
        return (read.AccessKey, read.SecretKey, read.Token ?? "");
    }
}
