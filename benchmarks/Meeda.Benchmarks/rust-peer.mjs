// rust-eth-kzg on the inputs in a folder: prints one line of JSON, medians in milliseconds by operation.
// usage: node rust-peer.mjs FOLDER, from a folder whose node_modules has @crate-crypto/node-eth-kzg.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "index.js"));
const { DasContextJs } = require("@crate-crypto/node-eth-kzg");
const folder = process.argv[2];
const read = (name) => new Uint8Array(readFileSync(join(folder, name)));
const split = (bytes, length) => Array.from({ length: bytes.length / length }, (_, i) => bytes.slice(i * length, (i + 1) * length));

const context = DasContextJs.create({ usePrecomp: true });
const blobs = split(read("blobs"), 131072);
const commitments = split(read("commitments"), 48);
const proofs = split(read("proofs"), 48);
const [z, y, proof] = [read("z"), read("y"), read("proof")];
const cells = split(read("cells"), 2048);
const cellProofs = split(read("cell-proofs"), 48);
const cellCommitments = cells.map(() => commitments[0]);
const indices = cells.map((_, i) => i);

function median(samples, action) {
  const times = [];
  for (let i = -1 - (samples >> 1); i < samples; i++) {
    const start = process.hrtime.bigint();
    if (action() === false) throw new Error("refused");
    if (i >= 0) times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return times.sort((a, b) => a - b)[samples >> 1];
}

console.log(JSON.stringify({
  "blob to commitment": median(11, () => void context.blobToKzgCommitment(blobs[0])),
  "opening at a point": median(11, () => void context.computeKzgProof(blobs[0], z)),
  "verify one proof": median(51, () => context.verifyKzgProof(commitments[0], z, y, proof)),
  "verify one blob proof": median(51, () => context.verifyBlobKzgProof(blobs[0], commitments[0], proofs[0])),
  "verify a batch of 64 blob proofs": median(5, () => context.verifyBlobKzgProofBatch(blobs, commitments, proofs)),
  "cells and proofs": median(3, () => void context.computeCellsAndKzgProofs(blobs[0])),
  "verify 128 cells": median(11, () => context.verifyCellKzgProofBatch(cellCommitments, indices, cells, cellProofs)),
}));
