// The log's published files (protocol section 9), wherever the visitor says they are: a newer status, and a receipt where
// none is at hand. Whole manifests and lists are read, so nobody learns which credential was looked at; all of it is a
// claim until it was compared with the chain.

import { fromHex, hashPair, sameBytes, toHex } from "./digest.js";
import { isObject, parseJson, parseObject } from "./ijson.js";
import { fold, LIST_SIZE, makeStatusProof, parseLog, readDigest, readInteger, ZERO_ROOTS } from "./proof_forms.js";

const MAX_BACK = 100;
const MAX_EPOCHS = 2_000;
const MAX_MANIFEST = 4_194_304;
const MAX_ENTRIES = 64 * 65_537;
const LIST_BYTES = 16_384;
const LIST_DEPTH = 9;
const DEPTH = 29;
const TIMEOUT = 15_000;

export class FilesFailed extends Error {}

async function fetchFile(base, path, limit) {
  let response;
  try {
    response = await fetch(`${base.replace(/\/+$/, "")}/${path}`, { credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(TIMEOUT) });
    if (response.status === 404) return null;
    if (!response.ok) throw new FilesFailed(path);
    const chunks = [];
    let size = 0;
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > limit) {
        await reader.cancel();
        throw new FilesFailed(path);
      }
      chunks.push(value);
    }
    const whole = new Uint8Array(size);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  } catch (error) {
    throw error instanceof FilesFailed ? error : new FilesFailed(path);
  }
}

async function readManifest(base, epoch) {
  const content = await fetchFile(base, `epochs/${epoch}/manifest.json`, MAX_MANIFEST);
  if (content === null) return null;
  const manifest = parseJson(content, MAX_MANIFEST);
  if (!isObject(manifest) || manifest.epoch !== epoch || !Array.isArray(manifest.lists) || !Array.isArray(manifest.batches)) throw new FilesFailed("manifest");
  return manifest;
}

// Makes status proofs of the newest published epoch up to one, and a receipt where `leaf` is given. Throws FilesFailed or
// Malformed.
export async function readPublished(base, { slot, latestEpoch, leaf = null, issuer = null }) {
  const log = parseObject(await fetchFile(base, "log.json", 65_536) ?? new Uint8Array());
  if (log.log !== slot.log.name) throw new FilesFailed("another log's files");
  let newest = null;
  for (let epoch = latestEpoch; newest === null && epoch > Math.max(0, latestEpoch - MAX_BACK); epoch -= 1) newest = await readManifest(base, epoch);
  const proofs = [];
  for (const purpose of newest === null ? [] : slot.suspendable ? ["revocation", "suspension"] : ["revocation"]) {
    proofs.push(await proveStatus(base, newest, slot, purpose));
  }
  return { proofs, receipt: leaf === null ? null : await findReceipt(base, { slot, latestEpoch, leaf, issuer }) };
}

async function proveStatus(base, manifest, { log, slot }, purpose) {
  const number = Math.floor(slot / LIST_SIZE);
  const roots = new Map();
  let file = null;
  for (const item of manifest.lists) {
    if (!isObject(item) || item.purpose !== purpose) continue;
    roots.set(readInteger(item.list, 0, 2 ** 20 - 1), readDigest(item.root));
    if (item.list === number) file = item.file;
  }
  const bits = file === null ? new Uint8Array(LIST_BYTES) : await fetchFile(base, listPath(file, manifest.epoch, purpose, number), LIST_BYTES);
  if (bits === null || bits.length !== LIST_BYTES) throw new FilesFailed("list");
  const chunk = Math.floor((slot % LIST_SIZE) / 256);
  const siblings = [];
  let level = [...Array(512).keys()].map((at) => bits.subarray(32 * at, 32 * at + 32));
  for (let depth = 0, at = chunk; depth < LIST_DEPTH; depth += 1, at >>= 1) {
    siblings.push(level[at ^ 1]);
    level = pairs(level);
  }
  let nodes = roots;
  for (let depth = LIST_DEPTH, at = number; depth < DEPTH; depth += 1, at >>= 1) {
    siblings.push(nodes.get(at ^ 1) ?? ZERO_ROOTS[depth]);
    const above = new Map();
    for (const position of nodes.keys()) {
      const parent = position >> 1;
      const side = (which) => nodes.get(2 * parent + which) ?? ZERO_ROOTS[depth];
      if (!above.has(parent)) above.set(parent, hashPair(side(0), side(1)));
    }
    nodes = above;
  }
  const listed = siblings.map((sibling, at) => (sameBytes(sibling, ZERO_ROOTS[at]) ? null : sibling));
  return makeStatusProof({
    purpose,
    log: parseLog(log.name),
    epoch: manifest.epoch,
    root: readDigest(manifest.root),
    chunk: bits.slice(32 * chunk, 32 * chunk + 32),
    siblingMap: listed.reduce((map, sibling, at) => map + (sibling === null ? 0 : 2 ** at), 0),
    siblings: listed.filter((sibling) => sibling !== null),
    otherRoot: readDigest(purpose === "revocation" ? manifest.suspensionRoot : manifest.revocationRoot),
    credentialsRoot: readDigest(manifest.credentialsRoot),
  });
}

// A mirror must not make a reader look elsewhere.
function listPath(file, epoch, purpose, number) {
  const found = typeof file === "string" ? /^(?:\.\.\/([1-9][0-9]{0,15})\/)?(revocation|suspension)-(0|[1-9][0-9]{0,6})\.bin$/.exec(file) : null;
  if (!found || found[2] !== purpose || Number(found[3]) !== number) throw new FilesFailed("list file");
  return `epochs/${found[1] ?? epoch}/${purpose}-${number}.bin`;
}

function pairs(level) {
  const above = [];
  for (let at = 0; at < level.length; at += 2) above.push(at + 1 < level.length ? hashPair(level[at], level[at + 1]) : level[at]);
  return above;
}

// The steps from one node to the root of a tree in which an odd last node moves up.
function pathFrom(leaves, index) {
  const steps = [];
  for (let level = leaves, at = index; level.length > 1; level = pairs(level), at >>= 1) {
    if ((at ^ 1) < level.length) steps.push({ [at % 2 ? "left" : "right"]: toHex(level[at ^ 1]) });
  }
  return steps;
}

// Looks for a leaf through the issuer's batches, the newest epochs first; returns a receipt as JSON, or null.
async function findReceipt(base, { slot, latestEpoch, leaf, issuer }) {
  for (let epoch = latestEpoch; epoch > Math.max(0, latestEpoch - MAX_EPOCHS); epoch -= 1) {
    const manifest = await readManifest(base, epoch);
    for (const [number, batch] of (manifest?.batches ?? []).entries()) {
      if (batch?.header?.issuer !== issuer) continue;
      const entries = await fetchFile(base, `epochs/${epoch}/batch-${number}.bin`, MAX_ENTRIES);
      const nodes = [...Array(Math.floor((entries?.length ?? 0) / 32)).keys()].map((at) => entries.subarray(32 * at, 32 * at + 32));
      const at = nodes.findIndex((node, index) => index > 0 && index % 2 === 0 && sameBytes(node, leaf));
      if (at > 0) return makeReceipt(base, manifest, number, nodes, at, slot);
    }
  }
  return null;
}

async function makeReceipt(base, manifest, number, nodes, at, slot) {
  const { header } = manifest.batches[number];
  const above = [...pathFrom(manifest.batches.map((batch) => readDigest(batch.root)), number), { right: manifest.statusRoot }];
  readDigest(manifest.statusRoot);
  const path = [...pathFrom(nodes, at), ...above];
  const issuer = parseObject(await fetchFile(base, `issuers/${toHex(readDigest(header.didDocument))}.json`, 1_048_576) ?? new Uint8Array());
  const steps = path.map((step) => ({ right: "right" in step, sibling: fromHex(step.right ?? step.left) }));
  // A mirror that errs says nothing of the credential: it must not make a genuine one look forged.
  if (toHex(fold(nodes[at], steps)) !== manifest.root) throw new FilesFailed("the files are not of one epoch");
  return {
    type: "CredrootReceipt", version: 1, leaf: toHex(nodes[at]), leafKind: 0, slot: slot.slot, path, root: manifest.root,
    anchor: manifest.anchor, batch: { header, path: [...pathFrom(nodes, 0), ...above] }, issuer, status: [],
  };
}

