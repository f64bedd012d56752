using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>The client against a real operator, and against one that lies.</summary>
public sealed class MeedaClientTests(FollowingOperatorFixture node) : IClassFixture<FollowingOperatorFixture>
{
    [Fact]
    public async Task PutAndGet_OfARealOperator_GiveTheBytesBack_ByBothCommitments()
    {
        var client = new MeedaClient(node.Http);
        StatesBody before = (await client.StatusAsync()).Batches;
        byte[] payload = RandomNumberGenerator.GetBytes(200_000);
        AltDaCommitment commitment = await client.PutAsync(payload);
        Assert.Equal(MeedaClient.Compute(payload), commitment);
        Assert.Equal(payload, await client.GetAsync(commitment));
        Assert.Equal(
            payload,
            await client.GetAsync(new AltDaCommitment(AltDaCommitmentKind.Keccak, Keccak256.Hash(payload)))
        );
        BatchBody batch = await client.DescribeAsync(new BatchId(commitment.Hash));
        Assert.Equal((200_000u, 2), (batch.Bytes, batch.Blobs));
        StatesBody after = (await client.StatusAsync()).Batches;
        Assert.Equal(before.Stored + before.Placed + 1, after.Stored + after.Placed);
        Assert.Equal(batch.BatchId, (await client.RenewAsync(new BatchId(commitment.Hash))).BatchId);
    }

    [Fact]
    public async Task Get_OfWhatWasNeverStored_IsAbsent() =>
        await AssertAsync(
            MeedaError.NotFound,
            () => new MeedaClient(node.Http).GetAsync(AltDaCommitment.Of(new BatchId(Bytes32.Zero)))
        );

    [Fact]
    public async Task Put_OfTooMuchOrNothing_IsRefusedWithTheOperatorsSentence()
    {
        MeedaException refused = await AssertAsync(
            MeedaError.Refused,
            () => new MeedaClient(node.Http).PutAsync(new byte[OperatorFixture.MaxBatchBytes + 1])
        );
        Assert.Contains("MaxBatchBytes", refused.Message, StringComparison.Ordinal);
        await AssertAsync(MeedaError.Refused, () => new MeedaClient(node.Http).PutAsync(Array.Empty<byte>()));
    }

    [Fact]
    public async Task Get_OtherBytes_AreNeverGivenOut()
    {
        byte[] payload = RandomNumberGenerator.GetBytes(130_000);
        AltDaCommitment generic = MeedaClient.Compute(payload),
            keccak = new(AltDaCommitmentKind.Keccak, Keccak256.Hash(payload));
        byte[][] lies =
        [
            [],
            payload[..^1],
            [.. payload, 0],
            [(byte)(payload[0] ^ 1), .. payload.AsSpan(1)],
            [.. payload.AsSpan(0, 129_999), (byte)(payload[^1] ^ 0x80)],
        ];
        foreach (byte[] lie in lies)
        {
            await AssertAsync(MeedaError.NotVerified, () => Lying(_ => Bytes(lie)).GetAsync(generic));
            await AssertAsync(MeedaError.NotVerified, () => Lying(_ => Bytes(lie)).GetAsync(keccak));
        }

        Assert.Equal(payload, await Lying(_ => Bytes(payload)).GetAsync(generic));
    }

    [Fact]
    public async Task Put_AnswerOfOtherBytesOrOfNone_Throws()
    {
        byte[] payload = [1, 2, 3];
        await AssertAsync(
            MeedaError.NotVerified,
            () => Lying(_ => Bytes(MeedaClient.Compute([1, 2, 4]).Encode())).PutAsync(payload)
        );
        await AssertAsync(MeedaError.NotVerified, () => Lying(_ => Bytes([1, 2, 3])).PutAsync(payload));
        await AssertAsync(MeedaError.NotVerified, () => Lying(_ => Bytes(new byte[100_000])).PutAsync(payload));
        Assert.Equal(
            MeedaClient.Compute(payload),
            await Lying(_ => Bytes(MeedaClient.Compute(payload).Encode())).PutAsync(payload)
        );
    }

    [Fact]
    public async Task Put_WhatALaterTryMends_IsTriedAgain_With503AsTheException()
    {
        byte[] payload = [1, 2, 3];
        int tries = 0;
        HttpStatusCode[] first =
        [
            HttpStatusCode.TooManyRequests,
            HttpStatusCode.InternalServerError,
            HttpStatusCode.BadGateway,
        ];
        await Lying(_ => tries++ < 3 ? Status(first[tries - 1]) : Bytes(MeedaClient.Compute(payload).Encode()))
            .PutAsync(payload);
        Assert.Equal(4, tries);

        tries = 0;
        await AssertAsync(
            MeedaError.FailOver,
            () =>
                Lying(_ => Status(tries++ < 0 ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable))
                    .PutAsync(payload)
        );
        Assert.Equal(1, tries);
        tries = 0;
        await AssertAsync(
            MeedaError.Unavailable,
            () =>
                Lying(_ => Status(tries++ < 0 ? HttpStatusCode.OK : HttpStatusCode.InternalServerError))
                    .PutAsync(payload)
        );
        Assert.Equal(4, tries);
    }

    [Fact]
    public async Task Get_ABodyThatBreaksOff_IsTriedAgain_AndOneThatStallsEndsWithTheLimit()
    {
        byte[] payload = RandomNumberGenerator.GetBytes(1000);
        int tries = 0;
        byte[] read = await Lying(_ =>
                tries++ == 0
                    ? new HttpResponseMessage(HttpStatusCode.OK)
                    {
                        Content = new StreamContent(new BadStream(stalls: false)),
                    }
                    : Bytes(payload)
            )
            .GetAsync(MeedaClient.Compute(payload));
        Assert.Equal(payload, read);
        Assert.Equal(2, tries);

        var http = new HttpClient(
            new Handler(_ => new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StreamContent(new BadStream(stalls: true)),
            })
        )
        {
            BaseAddress = new Uri("http://operator/"),
            Timeout = TimeSpan.FromMilliseconds(200),
        };
        await AssertAsync(
            MeedaError.Unavailable,
            () => new MeedaClient(http, new MeedaClientOptions { Retries = 0 }).GetAsync(MeedaClient.Compute(payload))
        );
    }

    [Fact]
    public async Task Status_AnAnswerWithoutEnd_IsNotTakenIn() =>
        await AssertAsync(MeedaError.NotVerified, () => Lying(_ => Bytes(new byte[2 << 20])).StatusAsync());

    [Theory]
    [InlineData("""{"error":"id: bad"}""", "id: bad", null)]
    [InlineData("""{"detail":"id: bad","code":"malformed_request"}""", "id: bad", "malformed_request")]
    [InlineData("""{"title":"t","detail":"id: bad","code":"x","error":"id: bad"}""", "id: bad", "x")]
    [InlineData("<html>a proxy's</html>", "Bad Request", null)]
    [InlineData("""{"error":{"message":"another service's"}}""", "Bad Request", null)]
    [InlineData("null", "Bad Request", null)]
    public async Task Errors_InBothForms_GiveMessageAndCode(string body, string message, string? code)
    {
        MeedaException refused = await AssertAsync(
            MeedaError.Refused,
            () =>
                Lying(_ => new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new StringContent(body) })
                    .StatusAsync()
        );
        Assert.EndsWith($"400: {message}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(code, refused.Code);
    }

    [Fact]
    public async Task Key_IsSentAsABearerToken_AndInNoException()
    {
        string? sent = null;
        MeedaException refused = await AssertAsync(
            MeedaError.Refused,
            () =>
                Lying(request =>
                    {
                        sent = request.Headers.Authorization?.ToString();
                        return Status(HttpStatusCode.Unauthorized);
                    })
                    .StatusAsync()
        );
        Assert.Equal("Bearer mk_secret", sent);
        Assert.DoesNotContain("mk_secret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cell_OfABlob_IsGivenOutOnlyAsItsCommitmentSays()
    {
        byte[] blob = new byte[Blob.ByteLength];
        RandomNumberGenerator.Fill(blob.AsSpan(1, 31));
        byte[] cells = new CellProver(TrustedSetup.Ethereum).ComputeCellsAndKzgProofs(blob, out KzgProof[] proofs);
        KzgCommitment commitment = new CommitmentKey(TrustedSetup.Ethereum).Commit(blob);
        byte[] cell = cells.AsSpan(5 * Cell.ByteLength, Cell.ByteLength).ToArray();
        CellBody Body(byte[] content, KzgProof proof) =>
            new(9, 5, "0x", $"0x{Convert.ToHexStringLower(content)}", $"0x{Convert.ToHexStringLower(proof.ToArray())}");
        Assert.Equal(cell, await Lying(_ => Answer(Body(cell, proofs[5]))).CellAsync(9, new CellIndex(5), commitment));

        byte[] changed = [.. cell];
        changed[40] ^= 1;
        byte[] tooLarge = [.. cell];
        tooLarge.AsSpan(0, 32).Fill(0xff);
        foreach (
            CellBody lie in (CellBody[])
                [
                    Body(changed, proofs[5]),
                    Body(cell, proofs[6]),
                    Body(tooLarge, proofs[5]),
                    Body(cell[1..], proofs[5]),
                    Body(cell, proofs[5]) with
                    {
                        Proof = "0xzz",
                    },
                    Body(cell, proofs[5]) with
                    {
                        Cell = null!,
                    },
                ]
        )
        {
            await AssertAsync(
                MeedaError.NotVerified,
                () => Lying(_ => Answer(lie)).CellAsync(9, new CellIndex(5), commitment)
            );
        }
    }

    [Fact]
    public async Task Opening_OfABlob_IsGivenOutOnlyAsItsCommitmentSays()
    {
        byte[] blob = new byte[Blob.ByteLength];
        RandomNumberGenerator.Fill(blob.AsSpan(1, 31));
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        KzgCommitment commitment = key.Commit(blob);
        Fr z = Fr.FromUInt64(7);
        KzgProof proof = key.Open(blob, z, out Fr y);
        OpeningBody Body(Fr value) =>
            new(9, "0x", z.ToString(), value.ToString(), $"0x{Convert.ToHexStringLower(proof.ToArray())}");
        Assert.Equal((y, proof), await Lying(_ => Answer(Body(y))).OpenAsync(9, z, commitment));
        await AssertAsync(
            MeedaError.NotVerified,
            () => Lying(_ => Answer(Body(y + Fr.One))).OpenAsync(9, z, commitment)
        );
        await AssertAsync(
            MeedaError.NotVerified,
            () => Lying(_ => Answer(Body(y))).OpenAsync(9, z + Fr.One, commitment)
        );
        await AssertAsync(
            MeedaError.NotVerified,
            () => Lying(_ => Answer(Body(y) with { Y = "0x00" })).OpenAsync(9, z, commitment)
        );
    }

    [Fact]
    public async Task Proof_OfABatch_IsGivenOutOnlyWithPathsThatLeadToTheRoot()
    {
        byte[] commitments = RandomNumberGenerator.GetBytes(5 * KzgCommitment.Length);
        var tree = new MerkleTree(commitments, KzgCommitment.Length);
        BatchId id = BatchId.Compute(1, commitments.AsSpan(0, KzgCommitment.Length));
        AnchorRoots roots = AnchorRoots.Of(commitments, [id]);
        string Hex(ReadOnlySpan<byte> bytes) => $"0x{Convert.ToHexStringLower(bytes)}";
        LeafBody leaf = new(
            13,
            3,
            Hex(commitments.AsSpan(3 * KzgCommitment.Length, KzgCommitment.Length)),
            [.. tree.Path(3).Select(node => node.ToString())]
        );
        BatchProofBody good = new(
            id.ToString(),
            "0x",
            0,
            $"{roots.Root}",
            $"{roots.LeafRoot}",
            $"{roots.IdRoot}",
            5,
            1,
            2,
            "0x",
            [leaf]
        );
        Assert.Equal($"{roots.Root}", (await Lying(_ => Answer(good)).ProofAsync(id)).Root);
        foreach (
            BatchProofBody lie in (BatchProofBody[])
                [
                    good with
                    {
                        Blobs = [],
                    },
                    good with
                    {
                        LeafCount = 9,
                    },
                    good with
                    {
                        Root = Bytes32.Zero.ToString(),
                    },
                    good with
                    {
                        Root = $"{new AnchorRoots(Bytes32.Zero, roots.IdRoot).Root}",
                        LeafRoot = Bytes32.Zero.ToString(),
                    },
                    good with
                    {
                        IdRoot = Bytes32.Zero.ToString(),
                    },
                    good with
                    {
                        BatchId = Bytes32.Zero.ToString(),
                    },
                    good with
                    {
                        Blobs = [leaf with { LeafIndex = 2 }],
                    },
                    good with
                    {
                        Blobs = [leaf, leaf with { Path = [.. leaf.Path.Skip(1)] }],
                    },
                ]
        )
        {
            await AssertAsync(MeedaError.NotVerified, () => Lying(_ => Answer(lie)).ProofAsync(id));
        }
    }

    [Fact]
    public async Task Ready_OfAnOperator_IsTrue_AndWithoutAServerFalse()
    {
        Assert.True(await new MeedaClient(node.Http).IsReadyAsync());
        Assert.False(await Lying(_ => Status(HttpStatusCode.InternalServerError)).IsReadyAsync());
    }

    [Fact]
    public async Task Example_AsInTheReadme_Runs()
    {
        Uri url = node.Address;
        byte[] batch = [1, 2, 3];

        // example begins
        using var http = new HttpClient { BaseAddress = url }; // the operator's URL, with a slash at its end
        var client = new MeedaClient(http, new MeedaClientOptions { Key = null });

        AltDaCommitment commitment = await client.PutAsync(batch); // stored, and the commitment is that of these bytes
        byte[] again = await client.GetAsync(commitment); // every byte checked against the commitment
        // Stored, placed, anchored, final, expired
        string state = (await client.DescribeAsync(new BatchId(commitment.Hash))).State;
        // example ends
        Assert.Equal(batch, again);
        Assert.Contains(state, (string[])["stored", "placed"]);
    }

    [Fact]
    public void Example_InTheReadme_IsTheOneThatRuns()
    {
        string tests = Path.GetDirectoryName(SourcePath())!;
        string readme = File.ReadAllText(Path.Combine(tests, "../../../src/Meeda.Client/README.md"));
        string example = File.ReadAllText(SourcePath())
            .Split("// example begins\n")[1]
            .Split("        // example ends")[0];
        Assert.Contains(
            "```csharp\n"
                + string.Join('\n', example.Split('\n').Select(line => line.Length >= 8 ? line[8..] : line))
                + "```",
            readme,
            StringComparison.Ordinal
        );
    }

    private static async Task<MeedaException> AssertAsync(MeedaError expected, Func<Task> act)
    {
        MeedaException thrown = await Assert.ThrowsAsync<MeedaException>(act);
        Assert.Equal(expected, thrown.Error);
        return thrown;
    }

    private static MeedaClient Lying(Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        new(
            new HttpClient(new Handler(answer)) { BaseAddress = new Uri("http://operator/") },
            new MeedaClientOptions { Key = "mk_secret", Retries = 3 }
        );

    private static HttpResponseMessage Bytes(byte[] content) =>
        new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };

    private static HttpResponseMessage Status(HttpStatusCode status)
    {
        var answer = new HttpResponseMessage(status) { Content = new StringContent("""{"error":"on purpose"}""") };
        answer.Headers.RetryAfter = new System.Net.Http.Headers.RetryConditionHeaderValue(TimeSpan.FromMilliseconds(1));
        return answer;
    }

    private static HttpResponseMessage Answer<T>(T body) =>
        new(HttpStatusCode.OK) { Content = JsonContent.Create(body) };

    private static string SourcePath([CallerFilePath] string path = "") => path;

    /// <summary>A body that breaks off after a few bytes, or stalls.</summary>
    private sealed class BadStream(bool stalls) : MemoryStream(new byte[10])
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (Position == 0)
            {
                return await base.ReadAsync(buffer, cancellationToken);
            }

            await (stalls ? Task.Delay(Timeout.Infinite, cancellationToken) : Task.CompletedTask);
            throw new IOException("broken off by the test");
        }

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            CopyAsync(destination, cancellationToken);

        private async Task CopyAsync(Stream destination, CancellationToken cancellationToken)
        {
            var buffer = new byte[16];
            while (await ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
    }

    private sealed class Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) => Task.FromResult(answer(request));
    }
}
