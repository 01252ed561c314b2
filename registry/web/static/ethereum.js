// Reading a log on the chain, at one final block of a node that the visitor chose (protocol section 8).

import { fromHex, keccak256, toHex } from "./digest.js";

const encoder = new TextEncoder();
const hash = (text) => toHex(keccak256(encoder.encode(text)));
const selector = (signature) => hash(signature).slice(0, 8);
const word = (number) => BigInt(number).toString(16).padStart(64, "0");
const TIMEOUT = 15_000;
const MAX_ANSWER = 1_048_576;
// Many nodes keep the state of a block for their newest ones only, and answer of the finalized one all the same.

class NodeFailed extends Error {}

async function ask(url, method, params) {
  let answer;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await response.text();
    if (text.length > MAX_ANSWER) throw new NodeFailed("too long an answer");
    answer = JSON.parse(text);
  } catch (error) {
    throw new NodeFailed(String(error?.message ?? error));
  }
  if (answer === null || typeof answer !== "object" || !("result" in answer)) throw new NodeFailed(`${method} was refused`);
  return answer.result;
}

function bytesOf(value, length = null) {
  if (typeof value !== "string" || !/^0x(?:[0-9a-f]{2})*$/i.test(value) || (length !== null && value.length !== 2 + 2 * length)) {
    throw new NodeFailed("expected bytes");
  }
  return value.slice(2).toLowerCase();
}

function quantity(value) {
  if (typeof value !== "string" || !/^0x[0-9a-f]{1,64}$/i.test(value)) throw new NodeFailed("expected a number");
  return BigInt(value);
}

function readBlock(block) {
  if (block === null || typeof block !== "object") throw new NodeFailed("no such block");
  return { number: Number(quantity(block.number)), hash: `0x${bytesOf(block.hash, 32)}`, time: quantity(block.timestamp) * 1_000_000n };
}

// Opens the view of one final block. Throws NodeFailed.
async function openView(url) {
  const chainId = quantity(await ask(url, "eth_chainId", []));
  const block = readBlock(await ask(url, "eth_getBlockByNumber", ["finalized", false]));
  const at = { blockHash: block.hash, requireCanonical: true };
  const call = async (to, data) => bytesOf(await ask(url, "eth_call", [{ to, data: `0x${data}` }, at]));
  return {
    block,
    chainId,
    codeHash: async (address) => {
      const code = bytesOf(await ask(url, "eth_getCode", [address, at]));
      return code ? toHex(keccak256(fromHex(code))) : null;
    },
    latestEpoch: async (log) => Number(BigInt(`0x${sized(await call(log.contract, selector("latestEpoch(uint256)") + word(log.number)), 32)}`)),
    rootAt: async (log, epoch) => sized(await call(log.contract, selector("rootAt(uint256,uint64)") + word(log.number) + word(epoch)), 32),
    marks: async (court, log) => {
      const answer = sized(await call(court, selector("marksOf(uint256)") + word(log.number)), 128);
      return answer.match(/.{64}/g).map((epoch) => Number(BigInt(`0x${epoch}`)));
    },
    anchoredAt: async (log, epoch) => {
      const topics = [`0x${hash("Anchored(uint256,uint64,bytes32)")}`, `0x${word(log.number)}`, `0x${word(epoch)}`];
      const range = { fromBlock: "0x0", toBlock: `0x${block.number.toString(16)}` };
      const events = await ask(url, "eth_getLogs", [{ address: log.contract, topics, ...range }]);
      if (!Array.isArray(events) || !events.length) return null;
      return readBlock(await ask(url, "eth_getBlockByHash", [events[0].blockHash, false])).time;
    },
  };
}

function sized(hex, length) {
  if (hex.length !== 2 * length) throw new NodeFailed("expected another length");
  return hex;
}

// Reads the chain for a credential. `more` is asked for further status proofs once the newest epoch is known, and gives
// {proofs, receipt}. Returns the evidence of browser_verdict.js, or {problem}: nothing is thrown.
export async function readChain(url, { slot, contract, receipt, more }) {
  if (!url) return { problem: "no-rpc" };
  try {
    const view = await openView(url);
    const { block, chainId } = view;
    const log = slot.log;
    const codeHash = chainId === log.chainId ? await view.codeHash(log.contract) : null;
    const known = codeHash === contract.codeHash;
    // Foreign code may answer anything: it is not asked.
    const latestEpoch = known ? await view.latestEpoch(log) : 0;
    const further = known ? await more(latestEpoch) : { proofs: [], receipt: null };
    const parts = receipt ?? further.receipt;
    const proofs = [...further.proofs, ...(parts?.statusEpochs ?? [])];
    const epochs = new Set([...proofs, ...(parts ? [parts.epoch] : [])].filter((epoch) => epoch <= latestEpoch));
    const roots = {};
    for (const epoch of epochs) roots[epoch] = await view.rootAt(log, epoch);
    const anchoredAt = {};
    for (const epoch of proofs) {
      const next = epoch + 1;
      if (next > latestEpoch || next in anchoredAt) continue;
      const time = await view.anchoredAt(log, next).catch(() => null);
      if (time !== null) anchoredAt[next] = time;
    }
    return { block, chainId, codeHash, latestEpoch, roots, anchoredAt, court: known ? await askCourt(view, contract, log) : null };
  } catch (error) {
    if (error instanceof NodeFailed) return { problem: "chain-unreachable" };
    throw error;
  }
}

async function askCourt(view, { address, court }, log) {
  if (!court || log.contract !== address) return null;
  try {
    const codeHash = await view.codeHash(court.address);
    return { codeHash, marks: codeHash === court.codeHash ? await view.marks(court.address, log) : [] };
  } catch (error) {
    if (error instanceof NodeFailed) return { problem: "chain-unreachable" };
    throw error;
  }
}
