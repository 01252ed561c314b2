// Runs the verify page's own modules in Node.js: one JSON request a line in, one JSON answer a line out.
//
//   {"judge": {credential, receipt?, didDocument?, chain, contract, now}}    bytes in base64
//   {"canonical": "<base64 text>"}    {"path": ...} and the like are not needed: what is judged goes through all of it

import { createInterface } from "node:readline";

const folder = new URL("../../registry/web/static/", import.meta.url);
const { canonicalize, Malformed, parseJson } = await import(new URL("ijson.js", folder));
const { judge, readPresented } = await import(new URL("browser_verdict.js", folder));
const { keccak256, sha256, toHex } = await import(new URL("digest.js", folder));
const { parseTime } = await import(new URL("proof_forms.js", folder));

const bytes = (text) => (text === undefined || text === null ? null : Uint8Array.from(Buffer.from(text, "base64")));

async function answer(request) {
  if ("judge" in request) {
    const { credential, receipt, didDocument, chain, contract, now } = request.judge;
    const view = chain.problem ? chain : {
      ...chain,
      chainId: BigInt(chain.chainId),
      block: { ...chain.block, time: parseTime(chain.block.time) },
      anchoredAt: Object.fromEntries(Object.entries(chain.anchoredAt).map(([epoch, time]) => [epoch, parseTime(time)])),
    };
    const presented = readPresented(bytes(credential), bytes(receipt), bytes(didDocument));
    const verdict = await judge({ presented, chain: view, contract, now: parseTime(now) });
    return { word: verdict.word, leaf: verdict.leaf, findings: verdict.findings };
  }
  if ("canonical" in request) {
    try {
      return { canonical: Buffer.from(canonicalize(parseJson(bytes(request.canonical)))).toString("base64") };
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { code: error.code };
    }
  }
  if ("time" in request) {
    try {
      return { micro: String(parseTime(request.time)) };
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { code: error.code };
    }
  }
  return { sha256: toHex(sha256(bytes(request.hash))), keccak256: toHex(keccak256(bytes(request.hash))) };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
