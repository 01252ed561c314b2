#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Compile src/ with npm solc and write artifacts/<contract>.json; with --check, write nothing and compare byte for
// byte with what is there. With --forge, compare the bytecode with that of a `forge build` done before: two build
// paths, one result. Exit 0 when all is equal, 1 when not, 64 for wrong arguments.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const ROOT = path.resolve(__dirname, "..");
// What each is constructed with: the addresses of other contracts of this list.
const CONTRACTS = { AnchorLog: [], CredentialVerifier: ["AnchorLog"], FraudCourt: ["AnchorLog"] };
const MODES = new Set(["--write", "--check", "--forge"]);

// The same as in foundry.toml. Without metadata the code depends on nothing but the sources below.
const SETTINGS = {
  evmVersion: "prague",
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  optimizer: { enabled: true, runs: 10000 },
  viaIR: false,
};

const OUTPUT = ["abi", "evm.bytecode.object", "evm.deployedBytecode", "storageLayout"];

function readSource(name) {
  return fs.readFileSync(path.join(ROOT, name), "utf8");
}

/** Every source a contract needs, found from its imports, which are all relative. */
function sourcesOf(name, found = new Map()) {
  if (found.has(name)) return found;
  const content = readSource(name);
  found.set(name, content);
  for (const [, imported] of content.matchAll(/^import\s[^"]*"([^"]+)";/gm)) {
    sourcesOf(path.posix.join(path.posix.dirname(name), imported), found);
  }
  return found;
}

function compile(contract) {
  const file = `src/${contract}.sol`;
  const sources = [...sourcesOf(file)].sort(([a], [b]) => (a < b ? -1 : 1));
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(sources.map(([name, content]) => [name, { content }])),
    settings: { ...SETTINGS, outputSelection: { [file]: { [contract]: OUTPUT } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  if (output.errors && output.errors.length > 0) {
    throw new Error(output.errors.map((error) => error.formattedMessage).join("\n"));
  }
  const { abi, evm, storageLayout } = output.contracts[file][contract];
  return {
    contract,
    source: file,
    compiler: { name: "solc", version: solc.version().replace(".Emscripten.clang", ""), settings: SETTINGS },
    sources: Object.fromEntries(
      sources.map(([name, content]) => [name, { sha256: crypto.createHash("sha256").update(content).digest("hex") }]),
    ),
    constructorArguments: CONTRACTS[contract],
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    // Where the constructor writes its argument into the code: 32 bytes at each of these places.
    immutables: Object.values(evm.deployedBytecode.immutableReferences).flat().map(({ start }) => start).sort((a, b) => a - b),
    storageLayout,
    abi,
  };
}

function artifactPath(contract) {
  return path.join(ROOT, "artifacts", `${contract}.json`);
}

function write(artifact) {
  fs.mkdirSync(path.dirname(artifactPath(artifact.contract)), { recursive: true });
  fs.writeFileSync(artifactPath(artifact.contract), `${JSON.stringify(artifact, null, 2)}\n`);
  return [];
}

function check(artifact) {
  const file = artifactPath(artifact.contract);
  const committed = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  if (committed === `${JSON.stringify(artifact, null, 2)}\n`) return [];
  return [`artifacts/${artifact.contract}.json is not what the sources compile to; run make contracts-artifacts`];
}

function compareWithForge(artifact) {
  const file = path.join(ROOT, "out", `${artifact.contract}.sol`, `${artifact.contract}.json`);
  const forge = JSON.parse(fs.readFileSync(file, "utf8"));
  return ["bytecode", "deployedBytecode"]
    .filter((kind) => forge[kind].object !== artifact[kind])
    .map((kind) => `${artifact.contract}: ${kind} of forge and of the artifact differ: compare the settings`);
}

function main(mode) {
  if (!MODES.has(mode)) {
    process.stderr.write("usage: build_artifacts.js --write | --check | --forge\n");
    return 64;
  }
  const act = { "--write": write, "--check": check, "--forge": compareWithForge }[mode];
  const problems = Object.keys(CONTRACTS).map(compile).flatMap(act);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv[2]);
