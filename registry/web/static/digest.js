// Hashes, synchronous and our own: SHA-256 (FIPS 180-4) for every proof, Keccak-256 for what Ethereum names.
// WebCrypto would do the first, but only where a page is served over https, and only one promise at a time.

const ROUND = constants(64, 3);
const START = constants(8, 2);

// The first 32 bits of the fractional parts of the square or cube roots of the first primes, computed exactly.
function constants(count, degree) {
  const found = [];
  for (let number = 2n; found.length < count; number += 1n) {
    let prime = true;
    for (let by = 2n; by * by <= number; by += 1n) if (number % by === 0n) prime = false;
    if (prime) found.push(Number(BigInt.asUintN(32, root(number << BigInt(32 * degree), BigInt(degree)))));
  }
  return found;
}

function root(value, degree) {
  let low = 0n;
  let high = 1n << 48n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

const rotate = (word, by) => (word >>> by) | (word << (32 - by));

export function sha256(data) {
  const padded = new Uint8Array(((data.length + 72) >> 6) << 6);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(data.length / 0x20000000));
  view.setUint32(padded.length - 4, data.length << 3);
  const state = Int32Array.from(START);
  const words = new Int32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i += 1) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i += 1) {
      const [a, b] = [words[i - 15], words[i - 2]];
      const low = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
      const high = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
      words[i] = words[i - 16] + low + words[i - 7] + high;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      const high = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const first = (h + high + ((e & f) ^ (~e & g)) + ROUND[i] + words[i]) | 0;
      const low = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const second = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] += word; });
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => digest.setInt32(4 * i, word));
  return new Uint8Array(digest.buffer);
}

// H2 of the protocol: two nodes of 32 bytes to their parent.
export function hashPair(left, right) {
  const pair = new Uint8Array(64);
  pair.set(left);
  pair.set(right, 32);
  return sha256(pair);
}

const LANES = 25;
const RATE = 136;
const WORD = (1n << 64n) - 1n;
const turn = (lane, by) => (by === 0n ? lane : ((lane << by) | (lane >> (64n - by))) & WORD);

// Keccak-256 as Ethereum has it: the padding of before SHA-3 (FIPS 202 has another byte).
export function keccak256(data) {
  const padded = new Uint8Array((Math.floor(data.length / RATE) + 1) * RATE);
  padded.set(data);
  padded[data.length] ^= 0x01;
  padded[padded.length - 1] ^= 0x80;
  const view = new DataView(padded.buffer);
  let lanes = Array(LANES).fill(0n);
  for (let at = 0; at < padded.length; at += RATE) {
    for (let i = 0; i < RATE / 8; i += 1) lanes[i] ^= view.getBigUint64(at + 8 * i, true);
    lanes = permute(lanes);
  }
  const digest = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 4; i += 1) digest.setBigUint64(8 * i, lanes[i], true);
  return new Uint8Array(digest.buffer);
}

function permute(given) {
  const a = given;
  let shift = 1;
  for (let round = 0; round < 24; round += 1) {
    const columns = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]);
    for (let i = 0; i < LANES; i += 1) a[i] ^= columns[(i + 4) % 5] ^ turn(columns[(i + 1) % 5], 1n);
    let [x, y, moved] = [1, 0, a[1]];
    for (let step = 0; step < 24; step += 1) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const at = x + 5 * y;
      [moved, a[at]] = [a[at], turn(moved, BigInt((((step + 1) * (step + 2)) / 2) % 64))];
    }
    for (let row = 0; row < LANES; row += 5) {
      const kept = a.slice(row, row + 5);
      for (let i = 0; i < 5; i += 1) a[row + i] = kept[i] ^ (~kept[(i + 1) % 5] & WORD & kept[(i + 2) % 5]);
    }
    // The round constants, by their shift register (Keccak reference section 1.2).
    for (let bit = 0; bit < 7; bit += 1) {
      if (shift & 1) a[0] ^= 1n << BigInt((1 << bit) - 1);
      shift = (shift << 1) ^ (shift & 0x80 ? 0x171 : 0);
    }
  }
  return a;
}

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const sameBytes = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
