// rust-eth-kzg as an oracle: a line of JSON in, [function, ...arguments]; a line out, the result, or null where the library refuses its input. Bytes are hexadecimal.
// usage: node rust-oracle.mjs, from a folder whose node_modules has @crate-crypto/node-eth-kzg.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(join(process.cwd(), "index.js"));
const context = require("@crate-crypto/node-eth-kzg").DasContextJs.create({ usePrecomp: false });
const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const fromJson = (value) => (typeof value === "string" ? bytes(value) : Array.isArray(value) ? value.map(fromJson) : BigInt(value));
const toJson = (value) =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex")
    : Array.isArray(value) ? value.map(toJson)
      : typeof value === "object" ? [toJson(value.cells), toJson(value.proofs)]
        : value;

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  let result = null;
  try {
    result = toJson(context[name](...args.map(fromJson)));
  } catch {
    // Refused.
  }
  process.stdout.write(JSON.stringify(result) + "\n");
}
